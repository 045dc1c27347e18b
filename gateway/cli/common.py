"""What several commands share: the configuration's place, output as tables or lines, options."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
import orjson

from gateway.errors import GatewayError

T = TypeVar("T")
Command = TypeVar("Command", bound=Callable[..., Any])

PLACES = (Path("routes.yaml"), Path("/etc/gateway/routes.yaml"))


class NotFound(GatewayError):
    """A thing a person named that is not there."""


def find_config(given: str | None) -> Path:
    """The configuration file. Raises `NotFound` where none of the places has one."""
    named = given or os.environ.get("GATEWAY_CONFIG")
    if named:
        path = Path(named)
        if not path.is_file():
            raise NotFound(f"there is no configuration file {path}; `gateway init` makes one")
        return path
    for path in PLACES:
        if path.is_file():
            return path
    looked = ", ".join(["$GATEWAY_CONFIG", *(str(path) for path in PLACES)])
    raise NotFound(f"no configuration file found ({looked}); `gateway init` makes one here")


def config_option(command: Command) -> Command:
    """`-c/--config` after the command's name too; before it works as well."""

    def chosen(ctx: click.Context, _: click.Parameter, value: str | None) -> Path:
        return find_config(value or ctx.find_root().obj)

    return click.option(
        "-c",
        "--config",
        "config",
        type=click.Path(dir_okay=False),
        callback=chosen,
        help="The configuration file.",
    )(command)


def json_option(command: Command) -> Command:
    """`--json`: for programs."""
    return click.option("--json", "as_json", is_flag=True, help="JSON, for programs.")(command)


def limit_option(command: Command) -> Command:
    """`--limit`: how many rows a list gives."""
    return click.option(
        "--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="Rows."
    )(command)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs one command's asynchronous part."""
    return asyncio.run(work)


def print_json(value: object) -> None:
    """One object on one line."""
    click.echo(orjson.dumps(value))


def print_list(
    rows: Iterable[Mapping[str, object]], *, as_json: bool, columns: Sequence[str]
) -> None:
    """A list: one object a line for programs, a table for people.

    columns: the fields the table shows, in order.
    """
    if as_json:
        for row in rows:
            print_json(row)
        return
    listed = list(rows)
    if not listed:
        click.echo("nothing found", err=True)
        return
    from rich import box  # noqa: PLC0415  # a tenth of a second, only where a table is drawn
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in listed:
        table.add_row(*(Text(_cell(row.get(column))) for column in columns))
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    # Captured: rich has an end of its own for a broken pipe, and it is exit 1.
    with console.capture() as drawn:
        console.print(table)
    click.echo(drawn.get(), nl=False)


def _cell(value: object) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, Mapping):
        return " ".join(f"{name} {count}" for name, count in value.items() if count) or "–"
    if isinstance(value, list | tuple):
        return ", ".join(str(part) for part in value) or "–"
    # A terminal must not be steered by what a sender wrote.
    return "".join(c if c.isprintable() else "�" for c in str(value))
