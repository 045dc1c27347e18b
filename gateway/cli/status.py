"""`gateway status`: is it running, what is closed, what waits."""

from pathlib import Path

import click

from gateway.cli.changing import control, load_plan
from gateway.cli.client import NotRunning, connect
from gateway.cli.common import config_option, json_option, print_json, print_list, run


@click.command()
@json_option
@config_option
def status(config: Path, *, as_json: bool) -> None:
    """Show sources, targets and what waits. Exit 0 also when no gateway runs."""

    async def look() -> dict[str, object]:
        plan = load_plan(config)
        try:
            async with connect(plan.store.path) as gateway:
                return {"running": True, **await gateway.get("/api/v1/status")}
        except NotRunning:
            async with control(plan) as gateway:
                return {"running": False, **await gateway.get("/api/v1/status")}

    found = run(look())
    if as_json:
        print_json(found)
        return
    click.echo("running" if found["running"] else "not running")
    for part, columns in (
        ("sources", ("name", "provider", "state", "reason", "path", "last_event_at")),
        ("targets", ("name", "url", "counts", "oldest_pending_at", "paused")),
    ):
        rows = found.get(part)
        if isinstance(rows, list) and rows:
            click.echo(f"\n{part}")
            print_list(rows, as_json=False, columns=columns)
