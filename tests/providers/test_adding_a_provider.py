"""docs/adding-a-provider.md, typed as written: its files into a copy of the package, its commands."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "docs/adding-a-provider.md").read_text("utf-8")
FILES = dict(re.findall(r"^`(gateway/[^`]+)`\n```\w+\n(.*?)^```$", PAGE, re.M | re.S))
COMMANDS = re.findall(r"^\$ gateway (.+)$", PAGE, re.M)
AT_MOST = 40


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with the page's files in it."""
    root = tmp_path_factory.mktemp("checkout")
    left_out = shutil.ignore_patterns("__pycache__")
    for part in ("gateway", "templates", "systemd", "deploy"):
        shutil.copytree(REPOSITORY / part, root / part, ignore=left_out)
    for name, text in FILES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("empty")


def gateway(checkout: Path, folder: Path, *words: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "gateway", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_declaration_has_at_most_forty_lines_in_the_house_style(tmp_path: Path) -> None:
    (name,) = (name for name in FILES if name.endswith(".py"))
    assert len(FILES[name].splitlines()) <= AT_MOST
    (tmp_path / "acme.py").write_text(FILES[name])
    ruff = [sys.executable, "-m", "ruff", "format", "--config", str(REPOSITORY / "pyproject.toml")]
    subprocess.run([*ruff, "--check", "acme.py"], cwd=tmp_path, check=True, capture_output=True)


def test_its_commands_work_as_written(checkout: Path, folder: Path) -> None:
    printed = {words: gateway(checkout, folder, *words.split()) for words in COMMANDS}
    assert list(printed) == [
        "providers acme", "init", "add acme", "check", "dev --once",
    ]  # fmt: skip
    assert "Acme Deploys" in printed["providers acme"]
    assert "/in/acme" in printed["add acme"]
    assert "acme" in printed["dev --once"]
    assert "deploy.finished" in printed["dev --once"]


def test_its_sample_is_normalized_as_it_says(checkout: Path, folder: Path) -> None:
    script = (
        "import json; from gateway import providers; from gateway.providers import sampling\n"
        "from gateway.providers.extract import Extractor\n"
        "from gateway.model.request import Headers, Request\n"
        "(one,) = sampling.load('acme'); read = Extractor(providers.load('acme'))\n"
        "pairs = tuple((a.encode(), b.encode()) for a, b in one.headers)\n"
        "sent = Request('POST', '/in/acme', b'', Headers(pairs), one.body)\n"
        "(item,) = read.items(sent, read.payload(sent), 1_790_000_000.0)\n"
        "print(json.dumps([item.type, item.provider_id, item.fields]))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(ended.stdout) == [
        "deploy.finished",
        "5b1f0c52-7a3e-4d29-9f86-2c0d7be41a90",
        {
            "id": "d-1047",
            "repo": "acme/site",
            "sha": "9fceb02d0ae598e95dc970b74767f19372d61af8",
            "environment": "production",
            "outcome": "success",
            "status": "finished",
        },
    ]
