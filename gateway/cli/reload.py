"""`gateway reload`: brings the file into the running gateway, and says what changed."""

from pathlib import Path

import click

from gateway.cli.changing import find_store, load_plan
from gateway.cli.client import NotRunning, connect
from gateway.cli.common import config_option, json_option, print_json, run


@click.command()
@json_option
@config_option
def reload(config: Path, *, as_json: bool) -> None:
    """Reload the configuration of the running gateway. Exit 1 if it is refused."""

    async def ask() -> dict[str, object]:
        # The gateway is asked also where the file is wrong: it says so, and its gauge shows it.
        try:
            async with connect(find_store(config)) as gateway:
                return dict(await gateway.post("/api/v1/reload"))
        except NotRunning as error:
            load_plan(config)
            raise NotRunning(
                f"{error}. If one runs and `store.url` was changed, it listens beside the old "
                "store: send it SIGHUP (`systemctl reload gateway`), and restart it for the new one"
            ) from None

    answer = run(ask())
    if as_json:
        print_json(answer)
        return
    changes = answer.get("changes")
    for change in changes if isinstance(changes, list) else []:
        click.echo(change)
    click.echo(f"generation {answer.get('generation')}" + ("" if changes else ", nothing changed"))
