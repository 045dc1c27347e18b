"""`gateway providers`: the senders we know, and what we know of one."""

import click

from gateway import providers as catalogue
from gateway.cli.common import NotFound, json_option, print_json, print_list
from gateway.providers.declaration import Declaration


@click.command()
@click.argument("name", required=False)
@json_option
def providers(name: str | None, *, as_json: bool) -> None:
    """List the known providers, or show what is known of NAME."""
    if name is None:
        rows = [_row(catalogue.load(known)) for known in catalogue.names()]
        print_list(rows, as_json=as_json, columns=("name", "title", "schemes", "types"))
        return
    if name not in catalogue.names():
        raise NotFound(f"no provider {name!r}; there are: {', '.join(catalogue.names())}")
    declaration = catalogue.load(name)
    row = _row(declaration)
    if as_json:
        print_json(row)
        return
    for key, value in row.items():
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        click.echo(f"{key:12} {shown}")
    for option, about in declaration.options.items():
        click.echo(f"option       {option}: {about.about}")


def _row(declaration: Declaration) -> dict[str, object]:
    types = dict.fromkeys(rule.to for rule in declaration.rules)
    return {
        "name": declaration.name,
        "title": declaration.title,
        "schemes": list(dict.fromkeys(way.scheme.name for way in declaration.ways)),
        "id": list(declaration.id),
        "event": list(declaration.event),
        "types": list(types),
        "body_limit": declaration.body_limit,
        "addresses": len(declaration.ranges.shipped) if declaration.ranges else 0,
        "proof_note": declaration.proof_note,
        "docs": declaration.docs,
    }
