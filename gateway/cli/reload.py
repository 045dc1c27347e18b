"""`gateway reload`: brings the file into the running gateway, and says what changed."""

from pathlib import Path

import click

from gateway.cli.changing import load_plan
from gateway.cli.client import connect
from gateway.cli.common import config_option, json_option, print_json, run


@click.command()
@json_option
@config_option
def reload(config: Path, *, as_json: bool) -> None:
    """Reload the configuration of the running gateway. Exit 1 if it is refused."""

    async def ask() -> dict[str, object]:
        async with connect(load_plan(config).store.path) as gateway:
            return dict(await gateway.post("/api/v1/reload"))

    answer = run(ask())
    if as_json:
        print_json(answer)
        return
    changes = answer.get("changes")
    for change in changes if isinstance(changes, list) else []:
        click.echo(change)
    click.echo(f"generation {answer.get('generation')}" + ("" if changes else ", nothing changed"))
