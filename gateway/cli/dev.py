"""`gateway dev`: everything on this machine, shown once for each source from request to delivery."""

import json
import os
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click
import orjson

from gateway.app import writer
from gateway.app.gateway import Gateway
from gateway.app.loop import run
from gateway.app.receiver import Receiver
from gateway.app.serve import serve
from gateway.cli.common import config_option
from gateway.cli.sending import choose, send
from gateway.errors import GatewayError
from gateway.model.ids import EventId
from gateway.observe import logs
from gateway.plan.compile import compile_plan
from gateway.plan.plan import Endpoint, Listen, Plan, RetryPolicy, Target
from gateway.routing.match import Route, RouteIndex
from gateway.store.protocol import EventFilter

FOLDER = ".dev"
_NAMED = re.compile(r"(?<!\$)\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_WAIT = 10.0
_EVERY = EventFilter()


@click.command()
@click.option("--once", is_flag=True, help="End after the samples.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True)
@click.option("--admin-port", type=click.IntRange(0, 65535), default=8081, show_default=True)
@config_option
def dev(config: Path, port: int, admin_port: int, *, once: bool) -> None:
    """Run on loopback with made-up secrets and a built-in receiver; send each source a sample."""
    logs.configure(level="warning")
    folder = config.absolute().parent / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    environ = _environ(config, folder)
    receiver = Receiver()
    failed: list[str] = []

    def local(generation: int) -> Plan:
        plan = compile_plan(config, environ, generation=generation)
        ports = (0, 0) if once else (port, admin_port)
        return _on_this_machine(plan, folder, receiver.url, *ports)

    gateway = Gateway(local, writer=writer.command)

    async def show() -> None:
        failed.extend(await _show(gateway, receiver))
        if once:
            os.kill(os.getpid(), 15)
            return
        click.echo(f"\ndashboard  http://127.0.0.1:{gateway.admin_port}   (Ctrl-C ends)")

    async def main() -> None:
        await receiver.start()
        try:
            await serve(gateway, show)
        finally:
            await receiver.stop()

    run(main())
    if failed:
        raise GatewayError(f"not delivered: {', '.join(failed)}")


def _environ(config: Path, folder: Path) -> Mapping[str, str]:
    """The environment, with a made-up secret for each variable the file names and nobody set."""
    path = folder / "secrets.json"
    made: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    for name in _NAMED.findall(config.read_text(encoding="utf-8")):
        if not os.environ.get(name):
            made.setdefault(name, secrets.token_hex(24))
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(made, file)
    return {**made, **{name: value for name, value in os.environ.items() if value}}


def _on_this_machine(plan: Plan, folder: Path, receiver: str, port: int, admin_port: int) -> Plan:
    """The plan with loopback listeners, a store of its own, and the receiver as every target."""
    targets = {
        name: replace(target, endpoints=(Endpoint(f"{receiver}/{name}"),), headers=())
        for name, target in plan.targets.items()
    }
    targets["dev"] = Target(
        name="dev", endpoints=(Endpoint(f"{receiver}/dev"),), timeout=10.0, connect_timeout=3.0, sign=(), headers=(),
        retry=RetryPolicy(base=1.0, cap=5.0, window=60.0, attempts=None), concurrency=10,
    )  # fmt: skip
    # Every event reaches the receiver, whatever the file's own routes take.
    routes = {
        **plan.routes,
        "dev": Route("dev", None, None, None, ("dev",), accept_unverified=True),
    }
    return replace(
        plan,
        server=replace(plan.server, listen=Listen("tcp", "127.0.0.1", port)),
        admin_listen=Listen("tcp", "127.0.0.1", admin_port),
        store=replace(plan.store, path=folder / "gateway.db", min_free=0),
        sources={name: replace(source, allow=None) for name, source in plan.sources.items()},
        by_path={path: replace(source, allow=None) for path, source in plan.by_path.items()},
        targets=targets,
        routes=routes,
        index=RouteIndex(routes.values()),
    )


async def _show(gateway: Gateway, receiver: Receiver) -> list[str]:
    """Sends each source one sample and tells its way. Returns the sources where that failed."""
    failed = []
    base = f"http://127.0.0.1:{gateway.public_port}"
    for source in gateway.plan.sources.values():
        click.echo(f"\n{source.name}")
        try:
            sent = await send(
                source, choose(source, None), base, gateway.plan.server.public_url, time.time()
            )
        except GatewayError as error:
            click.echo(f"  closed     {error}")
            failed.append(source.name)
            continue
        click.echo(f"  request    POST {source.path}  {sent.sample}, {sent.size} bytes, signed")
        click.echo(f"  answer     {sent.status} {sent.body.decode('utf-8', 'replace')}")
        if sent.status >= 300:
            failed.append(source.name)
            continue
        if not await _told(gateway, receiver, sent.body):
            failed.append(source.name)
    return failed


async def _told(gateway: Gateway, receiver: Receiver, body: bytes) -> bool:
    try:
        id = EventId(orjson.loads(body)["id"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        newest = await gateway.store.events(_EVERY, None, 1)
        id = newest[0].event.id
    found = await gateway.store.event(id)
    if found is None:
        return False
    kept = await gateway.store.receipt(found.event.receipt)
    proof = f"{kept.scheme}, key {kept.key_label}" if kept else "?"
    click.echo(f"  proof      {proof}")
    click.echo(f"  event      {found.event.type}  {found.event.fields.decode()[:160]}")
    came = await receiver.came(id, _WAIT)
    if came is None:
        click.echo("  delivery   did not arrive")
        return False
    click.echo(f"  delivery   {came['path'][1:]} took it: 200, {came.get('webhook-id', '')}")
    return True
