"""`gateway send SOURCE [EVENT]`: a sample, signed as the sender signs it."""

import sys
import time
from pathlib import Path

import click

from gateway.cli.changing import load_plan
from gateway.cli.common import NotFound, config_option, run
from gateway.cli.sending import choose, samples
from gateway.cli.sending import send as post


@click.command()
@click.argument("source")
@click.argument("event", required=False)
@click.option("--to", "base", help="The gateway's address; else the public listener's.")
@click.option("--list", "list_", is_flag=True, help="List the samples.")
@config_option
def send(source: str, event: str | None, config: Path, base: str | None, *, list_: bool) -> None:
    """Send SOURCE a signed sample EVENT with a new id. Exit 1 if it is refused."""
    plan = load_plan(config)
    if source not in plan.sources:
        raise NotFound(f"no source {source!r}; there are: {', '.join(plan.sources) or 'none'}")
    found = plan.sources[source]
    if list_:
        for one in samples(found):
            click.echo(one.name)
        return
    base = base or f"http://{plan.server.listen}"
    sent = run(post(found, choose(found, event), base, plan.server.public_url, time.time()))
    click.echo(f"POST {sent.url} ({sent.sample}, {sent.size} bytes)", err=True)
    click.echo(f"{sent.status} {sent.body.decode('utf-8', 'replace')}")
    sys.exit(0 if sent.status < 300 else 1)
