"""`gateway schema`: JSON Schemas of the configuration and of each family of events."""

import click
import orjson

from gateway import schemas
from gateway.cli.common import NotFound
from gateway.config.schema import config_schema


@click.command()
@click.argument("what")
def schema(what: str) -> None:
    """Print a JSON Schema: `config`, or a family of events (`vcs`, `payment` …)."""
    if what == "config":
        found: object = config_schema()
    elif what in schemas.families():
        found = schemas.load(what)
    else:
        raise NotFound(f"no schema {what!r}; there are: config, {', '.join(schemas.families())}")
    click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
