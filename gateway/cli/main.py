"""The root command: which commands there are, and how errors end (exit 1, no traceback)."""

import importlib
import os
import sys
from types import MappingProxyType

import click

from gateway import __version__
from gateway.errors import GatewayError

COMMANDS: MappingProxyType[str, str] = MappingProxyType(
    {
        "init": "init:init",
        "add": "add:add",
        "dev": "dev:dev",
        "serve": "serve:serve",
        "check": "check:check",
        "reload": "reload:reload",
        "send": "send:send",
        "events": "events:events",
        "deliveries": "deliveries:deliveries",
        "refused": "refused:refused",
        "pause": "pause:pause",
        "resume": "pause:resume",
        "breaker": "breaker:breaker",
        "providers": "providers:providers",
        "schema": "schema:schema",
        "status": "status:status",
    }
)
"""Command to `module:function`."""


class _Commands(click.Group):
    """Loads a command when it is asked for: `gateway check` must not import the dashboard."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, function = place.partition(":")
        command: click.Command = getattr(importlib.import_module(f"gateway.cli.{module}"), function)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Runs the command; a reader that has enough (`| head`) ends it silently, and well.

        Left to click, a broken pipe would be exit 1 even without its standalone mode.
        """
        try:
            value: object = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # What is still buffered must not fail at the interpreter's end:
            # https://docs.python.org/3/library/signal.html#note-on-sigpipe
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        return value


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-c",
    "--config",
    "config",
    type=click.Path(dir_okay=False),
    help="The configuration file; else $GATEWAY_CONFIG, ./routes.yaml, /etc/gateway/routes.yaml.",
)
@click.version_option(__version__, prog_name="gateway")
@click.pass_context
def root(ctx: click.Context, config: str | None) -> None:
    """A receiving gateway for webhooks: verified, stored, normalized, delivered."""
    ctx.obj = config


def main() -> None:
    """The console script. Exit 0: fine. 1: it failed. 2: wrong usage."""
    try:
        # Without its standalone mode click returns the code that a command exits with.
        code = root.main(prog_name="gateway", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.Abort:
        click.echo("stopped", err=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except GatewayError as error:
        click.echo(f"gateway: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        click.echo(f"gateway: {place}{error.strerror or error}", err=True)
        sys.exit(1)
