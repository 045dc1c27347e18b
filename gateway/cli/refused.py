"""`gateway refused list|show`: requests that were not let in, and why."""

from pathlib import Path

import click
import orjson

from gateway.admin import present
from gateway.cli.changing import find_store
from gateway.cli.common import (
    NotFound,
    config_option,
    json_option,
    limit_option,
    print_json,
    print_list,
    run,
)
from gateway.model.ids import Seq
from gateway.model.outcomes import OUTCOMES
from gateway.store import refused as log

COLUMNS = ("seq", "at", "source", "outcome", "reason", "client", "size")


@click.group()
def refused() -> None:
    """Look at refused requests."""


@refused.command("list")
@click.option("--source", help="Only to this source.")
@click.option(
    "--outcome", type=click.Choice([o.value for o in OUTCOMES]), help="Only this outcome."
)
@limit_option
@json_option
@config_option
def list_(
    *, source: str | None, outcome: str | None, limit: int, as_json: bool, config: Path
) -> None:
    """List refused requests, newest first."""
    place = log.path_beside(find_store(config))
    found = run(log.page(place, source=source, outcome=outcome, before=None, limit=limit))
    print_list([present.refused(one) for one in found], as_json=as_json, columns=COLUMNS)


@refused.command()
@click.argument("seq", type=int)
@json_option
@config_option
def show(seq: int, config: Path, *, as_json: bool) -> None:
    """Show one refused request, by the number the list gives."""
    place = log.path_beside(find_store(config))
    found = run(log.page(place, source=None, outcome=None, before=Seq(seq + 1), limit=1))
    if not found or found[0].seq != seq:
        raise NotFound(f"there is no refused request {seq} (any more)")
    shown = present.refused(found[0])
    if as_json:
        print_json(shown)
    else:
        click.echo(orjson.dumps(shown, option=orjson.OPT_INDENT_2))
