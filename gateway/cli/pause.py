"""`gateway pause|resume source|route|target NAME`."""

from pathlib import Path

import click

from gateway.cli.changing import control, load_plan
from gateway.cli.common import config_option, json_option, print_json, run

KINDS = click.Choice(("source", "route", "target"))


@click.command()
@click.argument("kind", type=KINDS)
@click.argument("name")
@json_option
@config_option
def pause(kind: str, name: str, config: Path, *, as_json: bool) -> None:
    """Hold what would be delivered; accepting goes on. Kept over restarts."""
    _ask("pause", kind, name, config, as_json=as_json)


@click.command()
@click.argument("kind", type=KINDS)
@click.argument("name")
@json_option
@config_option
def resume(kind: str, name: str, config: Path, *, as_json: bool) -> None:
    """Deliver again, beginning with what was held."""
    _ask("resume", kind, name, config, as_json=as_json)


def _ask(verb: str, kind: str, name: str, config: Path, *, as_json: bool) -> None:
    async def ask() -> dict[str, object]:
        async with control(load_plan(config)) as gateway:
            return dict(await gateway.post(f"/api/v1/{verb}", {"kind": kind, "name": name}))

    answer = run(ask())
    if as_json:
        print_json(answer)
        return
    moved = answer.get("count", 0)
    click.echo(
        f"{kind} {name}: {verb}d, {moved} deliveries {'held' if verb == 'pause' else 'freed'}"
    )
