"""`gateway add PROVIDER`: a source in routes.yaml, its secret, and what to do at the sender."""

import base64
import io
import os
import re
import secrets
from pathlib import Path
from typing import TextIO

import click
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from gateway import providers
from gateway.cli.common import NotFound, config_option
from gateway.errors import GatewayError
from gateway.providers.declaration import Declaration

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


@click.command()
@click.argument("provider")
@click.option("--name", help="The source's name; else the provider's.")
@config_option
def add(provider: str, name: str | None, config: Path) -> None:
    """Add a source for PROVIDER to routes.yaml and print what to paste where."""
    if provider not in providers.names():
        known = ", ".join(providers.names())
        raise NotFound(f"no provider {provider!r}; known: {known} (others: `provider: custom`)")
    source = name or provider
    if not NAME.fullmatch(source):
        raise GatewayError(f"{source!r} is no source name: use a-z, 0-9, _ and -, 63 at most")
    declaration = providers.load(provider)
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    try:
        document = yaml.load(config.read_text(encoding="utf-8"))
    except (YAMLError, UnicodeDecodeError) as error:
        raise GatewayError(f"{config} cannot be read; `gateway check` says where") from error
    if not isinstance(document, CommentedMap):
        raise GatewayError(f"{config}: not a mapping; `gateway check` says more")
    sources = document.get("sources")
    if sources and source in sources:
        raise GatewayError(
            f"{config} has a source {source!r} already; choose another with --name, or edit it there"
        )
    secret_file = config.resolve().parent / "secrets" / source
    secret = _secret(declaration, secret_file)
    entry = CommentedMap(provider=provider, secrets=_flow(f"file:secrets/{source}"))
    if not isinstance(sources, CommentedMap) or not sources:
        document["sources"] = sources = CommentedMap()
    sources[source] = entry
    _replace(config, yaml, document)
    url = _public_url(document) + f"/in/{source}"
    _tell(declaration, source, url, secret, secret_file, config)


def _flow(value: str) -> CommentedSeq:
    sequence = CommentedSeq([value])
    sequence.fa.set_flow_style()
    return sequence


def _secret(declaration: Declaration, path: Path) -> str:
    """A new secret in a file only its owner reads; what is there already is kept."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    theirs = declaration.setup is not None and declaration.setup.secret == "theirs"
    made = "" if theirs else base64.b16encode(secrets.token_bytes(32)).decode().lower()
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            _write(file, made + "\n" if made else "")
    except FileExistsError:
        return path.read_text().strip()
    return made


def _write(file: TextIO, text: str) -> None:
    file.write(text)
    file.flush()
    os.fsync(file.fileno())


def _replace(config: Path, yaml: YAML, document: CommentedMap) -> None:
    """Writes the file whole or not at all: a running gateway may reload at any moment, and the power
    may fail."""
    text = io.StringIO()
    yaml.dump(document, text)
    part = config.with_name(config.name + ".part")
    with part.open("w", encoding="utf-8") as file:
        _write(file, text.getvalue())
    part.chmod(config.stat().st_mode & 0o777)
    part.replace(config)


def _public_url(document: CommentedMap) -> str:
    server = document.get("server")
    url = server.get("public_url") if isinstance(server, CommentedMap) else None
    return str(url or "https://YOUR-PUBLIC-ADDRESS").rstrip("/")


def _tell(
    declaration: Declaration, source: str, url: str, secret: str, secret_file: Path, config: Path
) -> None:
    click.echo(f"Added source {source!r} to {config}.\n")
    setup = declaration.setup
    if setup is not None:
        click.echo(f"At {declaration.title}: {setup.where}\n")
        for number, step in enumerate(setup.steps, 1):
            click.echo(f"  {number}. {step.replace('{url}', url).replace('{secret}', secret)}")
        if setup.secret == "theirs" and not secret:
            click.echo(f"\n  {declaration.title} makes the secret: put it into {secret_file}")
    click.echo(f"\nSecret file: {secret_file}\nMore: {declaration.docs}")
    click.echo("\nthen:  gateway check && gateway serve   (or `gateway reload` if it runs)")
