"""`gateway breaker open|close TARGET [ENDPOINT]`."""

from pathlib import Path

import click

from gateway.cli.changing import control, load_plan
from gateway.cli.common import config_option, json_option, print_json, run

_ABOUT = {"open": "nothing is sent there until it is closed", "close": "deliveries go there again"}


@click.group()
def breaker() -> None:
    """Take endpoints out by hand, or back in. Kept over restarts."""


@breaker.command(name="open")
@click.argument("target")
@click.argument("endpoint", required=False)
@json_option
@config_option
def open_(target: str, endpoint: str | None, config: Path, *, as_json: bool) -> None:
    """Send nothing to an endpoint (its URL, or host and port) or to all of a target."""
    _ask("open", target, endpoint, config, as_json=as_json)


@breaker.command()
@click.argument("target")
@click.argument("endpoint", required=False)
@json_option
@config_option
def close(target: str, endpoint: str | None, config: Path, *, as_json: bool) -> None:
    """Send there again, whatever opened the breaker."""
    _ask("close", target, endpoint, config, as_json=as_json)


def _ask(verb: str, target: str, endpoint: str | None, config: Path, *, as_json: bool) -> None:
    async def ask() -> dict[str, object]:
        async with control(load_plan(config)) as gateway:
            body = {"verb": verb, "target": target, "endpoint": endpoint}
            return dict(await gateway.post("/api/v1/breaker", body))

    answer = run(ask())
    if as_json:
        print_json(answer)
        return
    urls = answer["endpoints"]
    for url in urls if isinstance(urls, list) else ():
        click.echo(f"{target} {url}: {_ABOUT[verb]}")
