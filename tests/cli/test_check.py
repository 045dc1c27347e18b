"""`gateway check`: exit codes and output for people and programs, without a traceback."""

from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from gateway.cli.check import check
from tests.plan.one import RIGHT


def file(folder: Path, text: str | bytes) -> str:
    (folder / "good").write_text("a-secret-of-more-than-sixteen-bytes\n")
    (folder / "routes.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(folder / "routes.yaml")


def test_a_right_file_is_fine(tmp_path: Path) -> None:
    said = CliRunner().invoke(check, ["-c", file(tmp_path, RIGHT)])
    assert (said.exit_code, said.stderr) == (0, "")
    assert said.stdout.endswith(": fine\n")


def test_a_mistake_is_on_stderr_with_its_place_and_hint(tmp_path: Path) -> None:
    path = file(tmp_path, RIGHT.replace("[hub]", "[hubb]"))
    said = CliRunner().invoke(check, ["-c", path])
    assert (said.exit_code, said.stdout) == (1, "")
    assert said.stderr.startswith(f"error: {path}:19:12: routes[1].from[0]: no source 'hubb'")
    assert "did you mean hub?" in said.stderr


@pytest.mark.parametrize(
    "text", [b"", b"\xff", b"a: [", b"[" * 5000, b"a: \0", b"- x", b"\xef\xbb\xbf"]
)
def test_no_content_makes_a_traceback(tmp_path: Path, text: bytes) -> None:
    said = CliRunner().invoke(check, ["--json", "-c", file(tmp_path, text)])
    assert said.exit_code == 1
    assert isinstance(said.exception, SystemExit)
    found = orjson.loads(said.stdout)
    assert (found["ok"], len(found["errors"]), found["warnings"]) == (False, 1, [])
