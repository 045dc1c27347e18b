"""`gateway events list|show|replay`."""

from pathlib import Path

import click
import orjson

from gateway.admin import present
from gateway.cli.changing import control, find_store, load_plan
from gateway.cli.common import (
    NotFound,
    config_option,
    json_option,
    limit_option,
    print_json,
    print_list,
    run,
)
from gateway.model.ids import EventId
from gateway.model.records import EVENT_STATES
from gateway.store import sqlite
from gateway.store.protocol import EventFilter

COLUMNS = ("id", "received_at", "source", "type", "subject", "state", "deliveries", "duplicates")


@click.group()
def events() -> None:
    """Look at stored events, and deliver them anew."""


@events.command("list")
@click.option("--source", help="Only of this source.")
@click.option("--type", "type_", help="Only of this type; `payment.*` works.")
@click.option("--state", type=click.Choice(EVENT_STATES), help="Only in this state.")
@click.option("--text", help="An id, the dedup key or the subject, whole.")
@limit_option
@json_option
@config_option
def list_(
    *,
    source: str | None,
    type_: str | None,
    state: str | None,
    text: str | None,
    limit: int,
    as_json: bool,
    config: Path,
) -> None:
    """List events, newest first."""
    where = EventFilter(source=source, type=type_, state=state, text=text)

    async def rows() -> list[dict[str, object]]:
        store = await sqlite.open_readonly(find_store(config))
        try:
            return [present.event(found) for found in await store.events(where, None, limit)]
        finally:
            await store.close()

    print_list(run(rows()), as_json=as_json, columns=COLUMNS)


@events.command()
@click.argument("id")
@json_option
@config_option
def show(id: str, config: Path, *, as_json: bool) -> None:
    """Show one event: its fields, its deliveries and their attempts."""

    async def look() -> dict[str, object]:
        store = await sqlite.open_readonly(find_store(config))
        try:
            found = await present.event_detail(store, EventId(id))
        finally:
            await store.close()
        if found is None:
            raise NotFound(f"there is no event {id}")
        return found

    found = run(look())
    if as_json:
        print_json(found)
    else:
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))


@events.command()
@click.argument("ids", nargs=-1, required=True)
@click.option("--target", help="Only to this target.")
@json_option
@config_option
def replay(ids: tuple[str, ...], target: str | None, config: Path, *, as_json: bool) -> None:
    """Make new deliveries of old events."""

    async def ask() -> list[dict[str, object]]:
        async with control(load_plan(config)) as gateway:
            body = {"target": target} if target else {}
            return [await gateway.post(f"/api/v1/events/{id}/replay", body) for id in ids]

    for id, answer in zip(ids, run(ask()), strict=True):
        if as_json:
            print_json(answer)
        else:
            click.echo(f"{id}: {answer.get('count', 0)} new deliveries")
