"""The process that writes, as the gateway starts it: from the right code, when it is wanted, and gone
with the gateway.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.app import writer

_STRANGER = "raise SystemExit('somebody else runs here')"


def test_one_cpu_needs_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {3})
    assert writer.command("auto") == ()
    assert writer.command("process") == writer.COMMAND
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {3, 4})
    assert writer.command("auto") == writer.COMMAND
    assert writer.command("thread") == ()


@pytest.mark.parametrize("how", [("-P",), ()])
def test_what_lies_in_the_folder_is_run_only_where_the_gateway_itself_was(
    tmp_path: Path, how: tuple[str, ...]
) -> None:
    """An installed command does not look into the folder it is called in; `python -m` does."""
    script = "from gateway.app.writer import COMMAND; print(*COMMAND, sep='\\n')"
    found = subprocess.run(
        [sys.executable, *how, "-c", script],
        cwd=tmp_path, check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    (tmp_path / "gateway").mkdir()
    (tmp_path / "gateway" / "__init__.py").write_text(_STRANGER)
    ended = subprocess.run(
        [*found, "1000", "nowhere", ""], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert ("somebody else" in ended.stderr) == (not how)
