"""`gateway init`: a folder with all that a first start needs. Never overwrites anything."""

import os
import shutil
import sys
from pathlib import Path

import click

from gateway.cli.folders import shipped

START = """\
# The gateway's configuration. `gateway check` says what is wrong with it, line by line;
# `gateway add PROVIDER` puts a source in; `gateway reload` brings changes into a running gateway.
version: 1

server:
  listen: 127.0.0.1:8080            # nginx passes requests on to here
  public_url: {public_url}

admin:
  listen: 127.0.0.1:8081            # the dashboard: never public

store:
  url: sqlite:gateway.db            # beside this file

sources: {{}}

targets: {{}}

routes: []
"""


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=".")
@click.option(
    "--public-url",
    default="https://hooks.example.com",
    show_default=True,
    help="What senders will call, without a path.",
)
def init(folder: Path, public_url: str) -> None:
    """Make routes.yaml, a secrets folder, and the systemd and nginx files for this machine."""
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    secrets = folder / "secrets"
    if not secrets.exists():
        secrets.mkdir(mode=0o700)
        click.echo(f"made   {secrets}/  (only you can read it)")
    program = shutil.which("gateway") or f"{Path(sys.executable).parent / 'gateway'}"
    unit = (shipped("systemd") / "gateway.service").read_text()
    filled = unit.replace(
        "/usr/local/bin/gateway serve --config /etc/gateway/routes.yaml",
        f"{program} serve --config {folder / 'routes.yaml'}",
    ).replace("ProtectSystem=strict", f"ProtectSystem=strict\nReadWritePaths={folder}")
    host = public_url.split("//", 1)[-1].rstrip("/")
    snippet = (shipped("nginx") / "gateway.conf").read_text()
    _write(folder / "routes.yaml", START.format(public_url=public_url.rstrip("/")))
    _write(folder / "gateway.service", filled)
    _write(folder / "nginx-gateway.conf", f"# For server_name {host}.\n{snippet}")
    click.echo("\nnext:  gateway add github")


def _write(path: Path, text: str) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w") as file:
            file.write(text)
    except FileExistsError:
        click.echo(f"kept   {path}  (it was there already)")
    else:
        click.echo(f"made   {path}")
