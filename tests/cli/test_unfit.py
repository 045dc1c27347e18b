"""A Python whose aiohttp has no compiled HTTP parser serves nobody, and says so."""

from pathlib import Path

import orjson
import pytest

from tests.cli.commands import gateway

CONFIG = """\
version: 1
server: {listen: "127.0.0.1:0"}
admin: {listen: "127.0.0.1:0"}
sources: {}
targets: {}
routes: []
"""


@pytest.mark.parametrize("command", ["serve", "check"])
def test_without_the_compiled_parser_nothing_starts(tmp_path: Path, command: str) -> None:
    (tmp_path / "routes.yaml").write_text(CONFIG)
    ended = gateway(tmp_path, command, AIOHTTP_NO_EXTENSIONS="1")
    assert ended.code == 1
    assert "compiled HTTP parser is missing" in ended.err
    assert "install aiohttp from a wheel" in ended.err
    assert not (tmp_path / "gateway.db").exists(), "nothing was begun"


def test_check_says_so_to_programs_too(tmp_path: Path) -> None:
    (tmp_path / "routes.yaml").write_text(CONFIG)
    ended = gateway(tmp_path, "check", "--json", AIOHTTP_NO_EXTENSIONS="1")
    report = orjson.loads(ended.out)
    assert (ended.code, report["ok"]) == (1, False)
    assert [error["file"] for error in report["errors"]] == ["aiohttp"]
    assert orjson.loads(gateway(tmp_path, "check", "--json").out)["ok"]
