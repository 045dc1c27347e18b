"""The generated pages say what the code does, and no page links to nothing."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from tests.docs.pages import DOCS, PAGES

REPOSITORY = DOCS.parent
MARKDOWN = sorted([*REPOSITORY.glob("*.md"), *DOCS.rglob("*.md")])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_generated_page_is_current(path: Path) -> None:
    assert path.read_text("utf-8") == PAGES[path](), "write it anew: make docs"


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.S)
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_the_shipped_file_fits_the_schema_it_names() -> None:
    text = (REPOSITORY / "routes.yaml").read_text("utf-8")
    (named,) = re.findall(r"^# yaml-language-server: \$schema=(\S+)$", text, re.M)
    schema = json.loads((REPOSITORY / named).read_text("utf-8"))
    validator = Draft202012Validator(schema)
    document = YAML(typ="safe").load(text)
    assert [error.message for error in validator.iter_errors(document)] == []
    document["sources"]["github"]["secrt"] = []
    assert [error.message for error in validator.iter_errors(document)] != []
