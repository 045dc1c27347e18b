"""The command line: `main` and the list of commands. One file a command, loaded when it is used."""

from gateway.cli.main import main

__all__ = ["main"]
