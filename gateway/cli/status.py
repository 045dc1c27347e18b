"""`gateway status`: is it running, what is closed, what waits."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from gateway.admin import status as looking
from gateway.cli.changing import load_plan
from gateway.cli.client import NotRunning, connect
from gateway.cli.common import config_option, json_option, print_json, print_list, run
from gateway.plan.plan import Plan
from gateway.store import sqlite
from gateway.store.protocol import Health, Pause, SourceActivity, TargetBacklog


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
            return {"running": False, **await _at_rest(plan)}

    found = run(look())
    if as_json:
        print_json(found)
        return
    click.echo("running" if found["running"] else "not running")
    kept = found.get("store")
    if isinstance(kept, dict) and kept["refusing"]:
        click.echo(f"new events are refused (503): {kept['refusing']}")
    for part, columns in (
        ("sources", ("name", "provider", "state", "reason", "path", "last_event_at")),
        ("targets", ("name", "balance", "counts", "oldest_pending_at", "paused", "waits")),
        (
            "endpoints",
            ("target", "url", "address", "state", "breaker", "last_error", "last_error_at"),
        ),
    ):
        rows = _endpoints(found) if part == "endpoints" else found.get(part)
        if isinstance(rows, list) and rows:
            click.echo(f"\n{part}")
            print_list(rows, as_json=False, columns=columns)


def _endpoints(found: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for each endpoint of each target."""
    return [
        {"target": target["name"], **endpoint}
        for target in found["targets"]
        for endpoint in target["endpoints"]
    ]


async def _at_rest(plan: Plan) -> dict[str, Any]:
    """What the files say while no gateway runs; looking makes none."""
    if not plan.store.path.exists():
        return await looking.status(plan, _NoStore())
    store = await sqlite.open_readonly(plan.store.path)
    try:
        return await looking.status(plan, store)
    finally:
        await store.close()


class _NoStore:
    """Before the first start there is nothing to read."""

    async def activity(self) -> Sequence[SourceActivity]:
        return ()

    async def backlog(self) -> Sequence[TargetBacklog]:
        return ()

    async def pauses(self) -> Sequence[Pause]:
        return ()

    async def get(self, key: str) -> bytes | None:
        del key
        return None

    async def health(self) -> Health:
        return Health(False, "there is no store yet: the first start makes it", 0, 0, 0, 0)
