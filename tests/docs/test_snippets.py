"""What pages tell people to type is there: each piece of routes.yaml compiles, each command exists."""

import re
import shlex
import textwrap
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import trustme
from pydantic import BaseModel
from ruamel.yaml import YAML

from gateway.cli.main import root
from gateway.config import shapes, target_shapes
from gateway.errors import ConfigInvalid
from gateway.plan.compile import compile_plan
from tests.docs import delivery
from tests.docs.pages import DOCS, PAGES

REPOSITORY = DOCS.parent
WHOLLY_MADE = PAGES.keys() - {delivery.PAGE}
WRITTEN = [
    path for path in [REPOSITORY / "README.md", *DOCS.rglob("*.md")] if path not in WHOLLY_MADE
]
SECRET = "whsec_" + "c2VjcmV0" * 6
CA = trustme.CA()
OURS = CA.issue_cert("gateway.test").private_key_and_cert_chain_pem
yaml = YAML(typ="safe", pure=True)


def blocks(path: Path, *kinds: str) -> list[str]:
    text = path.read_text("utf-8")
    return re.findall(rf"^```(?:{'|'.join(kinds)})\n(.*?)^```$", text, re.M | re.S)


PIECES = [
    pytest.param(textwrap.dedent(text), id=f"{path.stem}-{number}")
    for path in WRITTEN
    for number, text in enumerate(blocks(path, "yaml"), 1)
]


def keys(shape: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in shape.model_fields.items()}


def placed(piece: dict) -> dict:
    """Where a piece belongs: a part of the file, or keys of one route, target or source."""
    if piece.keys() <= keys(shapes.File):
        return piece
    if piece.keys() <= keys(shapes.Route):
        return {"routes": [{"name": "one", "to": ["sink"], **piece}]}
    if piece.keys() <= keys(target_shapes.Target):
        return {"targets": {"one": {"url": "http://a.test", **piece}}}
    assert piece.keys() <= keys(shapes.Source), f"keys of no shape: {', '.join(piece)}"
    return {"sources": {"one": {"provider": "github", "secrets": [SECRET], **piece}}}


def whole(piece: dict) -> dict:
    """A file with a piece in it, and with the sources and targets that its routes name."""
    file = {"version": 1, "sources": {}, "targets": {}, **placed(piece)}
    for route in file.get("routes", ()):
        for name in route.get("from", ()):
            file["sources"].setdefault(name, {"provider": "github", "secrets": [SECRET]})
        for name in route["to"]:
            file["targets"].setdefault(name, {"url": "http://b.test"})
    return file


@pytest.mark.parametrize("text", PIECES)
def test_a_piece_of_routes_yaml_compiles(text: str, tmp_path: Path) -> None:
    config = tmp_path / "routes.yaml"
    with config.open("w") as file:
        yaml.dump(whole(yaml.load(text)), file)
    for name in re.findall(r"\bfile:([\w./-]+)", text):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(SECRET)
    for name in re.findall(r"\b(?:ca|certificate|key): ([\w./-]+)", text):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (CA.cert_pem if "ca" in name else OURS).write_to_path(tmp_path / name)
    environ = dict.fromkeys(re.findall(r"\$\{(\w+)", text), SECRET)
    try:
        plan = compile_plan(config, environ, generation=1)
    except ConfigInvalid as invalid:
        raise AssertionError("\n".join(str(one) for one in invalid.problems)) from None
    assert plan.problems == ()


def typed(path: Path) -> Iterator[str]:
    """Lines to be typed: of blocks, and between backticks."""
    for block in blocks(path, "sh", "console"):
        yield from block.replace("\\\n", " ").replace("sudo -u gateway ", "").splitlines()
    yield from re.findall(
        r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.M | re.S)
    )


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_every_command_that_a_page_names_is_there(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.M))
    for line in typed(path):
        for name in re.findall(r"(?:^|[ ;(])make ([a-z-]+)", line):
            assert name in targets, line
        for words in re.findall(r"(?:^\$ |^|&& |[;(] ?)gateway ([a-z][^&;|)]*)", line):
            command(root, shlex.split(words, comments=True))


def command(group: click.Command, words: list[str]) -> None:
    """Raises where there is no such command, or where it has no such option."""
    context = click.Context(group)
    if isinstance(group, click.Group):
        name, found, rest = group.resolve_command(context, words)
        assert found is not None, name
        command(found, rest)
    else:
        group.make_parser(context).parse_args([word for word in words if word != "…"])
