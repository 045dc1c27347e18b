"""`gateway deliveries list|show|retry|cancel`."""

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
from gateway.errors import GatewayError
from gateway.model.ids import DeliveryId
from gateway.model.states import DeliveryState, Reason
from gateway.store import sqlite
from gateway.store.protocol import DeliveryFilter

COLUMNS = ("id", "event", "type", "route", "target", "state", "reason", "attempts", "next_at")


@click.group()
def deliveries() -> None:
    """Look at deliveries, try them again or give them up."""


@deliveries.command("list")
@click.option("--target", help="Only to this target.")
@click.option("--route", help="Only by this route.")
@click.option("--source", help="Only of this source's events.")
@click.option("--state", type=click.Choice([state.value for state in DeliveryState]))
@click.option("--reason", type=click.Choice([reason.value for reason in Reason]))
@limit_option
@json_option
@config_option
def list_(
    *,
    target: str | None,
    route: str | None,
    source: str | None,
    state: str | None,
    reason: str | None,
    limit: int,
    as_json: bool,
    config: Path,
) -> None:
    """List deliveries, newest first."""
    where = DeliveryFilter(
        target=target,
        route=route,
        source=source,
        state=DeliveryState(state) if state else None,
        reason=Reason(reason) if reason else None,
    )

    async def rows() -> list[dict[str, object]]:
        store = await sqlite.open_readonly(find_store(config))
        try:
            found = await store.deliveries(where, None, limit)
            return [present.delivery(delivery, event) for delivery, event in found]
        finally:
            await store.close()

    print_list(run(rows()), as_json=as_json, columns=COLUMNS)


@deliveries.command()
@click.argument("id")
@json_option
@config_option
def show(id: str, config: Path, *, as_json: bool) -> None:
    """Show one delivery with its attempts."""

    async def look() -> dict[str, object]:
        store = await sqlite.open_readonly(find_store(config))
        try:
            found = await store.delivery(DeliveryId(id))
            if found is None:
                raise NotFound(f"there is no delivery {id}")
            attempts = await store.attempts(found[0].seq)
        finally:
            await store.close()
        shown = present.delivery(*found)
        return {**shown, "attempts_made": [present.attempt(attempt) for attempt in attempts]}

    found = run(look())
    if as_json:
        print_json(found)
    else:
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))


@deliveries.command()
@click.argument("ids", nargs=-1)
@click.option("--target", help="All dead ones of this target.")
@json_option
@config_option
def retry(ids: tuple[str, ...], target: str | None, config: Path, *, as_json: bool) -> None:
    """Try deliveries again, now: dead, held or waiting ones."""
    _ask("retry", ids, target, config, as_json=as_json)


@deliveries.command()
@click.argument("ids", nargs=-1)
@click.option("--target", help="All waiting ones of this target.")
@json_option
@config_option
def cancel(ids: tuple[str, ...], target: str | None, config: Path, *, as_json: bool) -> None:
    """Give deliveries up: pending or held ones."""
    _ask("cancel", ids, target, config, as_json=as_json)


def _ask(
    verb: str, ids: tuple[str, ...], target: str | None, config: Path, *, as_json: bool
) -> None:
    if not ids and not target:
        raise click.UsageError("name deliveries, or a --target")

    async def ask() -> dict[str, object]:
        async with control(load_plan(config)) as gateway:
            body: dict[str, object] = {"ids": list(ids)}
            if target:
                body["target"] = target
                if verb == "retry":
                    body["state"] = DeliveryState.DEAD.value
            return dict(await gateway.post(f"/api/v1/deliveries/{verb}", body))

    answer = run(ask())
    refused = answer.get("refused") or []
    if as_json:
        print_json(answer)
    else:
        click.echo(f"{answer.get('count', 0)} deliveries: {verb}")
        for one in refused if isinstance(refused, list) else []:
            click.echo(f"not {one['id']}: {one['reason']}", err=True)
    if refused:
        raise GatewayError(f"{verb} did not apply to all of them")
