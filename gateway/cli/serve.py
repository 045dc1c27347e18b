"""`gateway serve`: the gateway itself."""

import os
from pathlib import Path

import click

from gateway.app import writer
from gateway.app.gateway import Gateway
from gateway.app.loop import run
from gateway.app.serve import serve as serve_until_stopped
from gateway.cli.common import config_option
from gateway.observe import logs
from gateway.plan.compile import compile_plan


@click.command()
@click.option(
    "--log-level",
    type=click.Choice(("debug", "info", "warning", "error")),
    default="info",
    show_default=True,
)
@config_option
def serve(config: Path, log_level: str) -> None:
    """Run the gateway until SIGTERM. SIGHUP reloads routes.yaml."""
    logs.configure(level=log_level)
    gateway = Gateway(
        lambda generation: compile_plan(config, os.environ, generation=generation),
        writer=writer.command,
    )
    run(serve_until_stopped(gateway))
