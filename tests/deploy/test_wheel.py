"""The wheel, installed elsewhere: its templates, samples, schemas and unit files come with it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


def run(folder: Path, *words: str, path: Path | None = None) -> str:
    environ = {**os.environ, "PYTHONPATH": str(path)} if path else dict(os.environ)
    ended = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environ, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.slow
def test_an_installed_wheel_does_everything_a_checkout_does(tmp_path: Path) -> None:
    run(REPOSITORY, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist"))
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    site, folder = tmp_path / "site", tmp_path / "empty"
    folder.mkdir()
    pip = ("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site))
    run(tmp_path, *pip, str(wheel))
    where = run(folder, "-c", "import gateway; print(gateway.__file__)", path=site)
    assert where.startswith(str(site))
    run(folder, "-m", "gateway", "init", path=site)
    assert (folder / "gateway.service").exists()
    assert (folder / "nginx-gateway.conf").exists()
    for provider in ("github", "gitlab", "circleci"):
        run(folder, "-m", "gateway", "add", provider, path=site)
    shown = run(folder, "-m", "gateway", "dev", "--once", path=site)
    assert shown.count("took it: 200") == 3
    page = (
        "from gateway.admin.app import build; from gateway.cli.folders import shipped\n"
        "from gateway import schemas; print(len(schemas.families()), shipped('systemd'))"
    )
    assert str(site) in run(folder, "-c", page, path=site)
