"""Files that commands make are whole after a power cut, and a backup that was made is there."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from gateway.store import sqlite
from tests.app.process import ROOT
from tests.durability.disk import Cut, Disk
from tests.durability.powercut import put
from tests.durability.shim import before, build, read
from tests.store.make import admission, event

pytestmark = pytest.mark.slow

BACK_UP = """
import sys
from pathlib import Path
from gateway.store.sqlite import files
files.copy(Path(sys.argv[1]), Path(sys.argv[2]))
"""
EVENTS = 50
CONFIG = """\
version: 1
sources: {}
targets: {sink: {url: "http://127.0.0.1:9"}}
routes: [{name: all, to: [sink]}]
"""


def after_cuts(made: Path, *command: str) -> Iterator[Mapping[str, bytes]]:
    """What power cuts right after a command leave of the file it made, and beside it."""
    log = made.with_name("log")
    subprocess.run(
        [sys.executable, *command],
        env={**os.environ, **before(build(made.parent), made, log)},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=60,
    )
    disk = Disk()
    for record in read([log]):
        disk.feed(record)
    for cut in (Cut(), *(Cut(512, seed) for seed in range(20))):
        yield disk.after_cut(cut)


async def test_a_backup_is_there_and_whole(tmp_path: Path) -> None:
    database, to = tmp_path / "gateway.db", tmp_path / "backup.db"
    store = await sqlite.open(database)
    for number in range(EVENTS):
        await store.accept(admission(event(str(number))))
    for number, files in enumerate(after_cuts(to, "-c", BACK_UP, str(database), str(to))):
        assert list(files) == [str(to)]
        place = tmp_path / f"cut-{number}"
        place.mkdir()
        put(place, files)
        with closing(sqlite3.connect(place / to.name)) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert db.execute("SELECT count(*) FROM events").fetchone() == (EVENTS,)
    await store.close()


def test_routes_yaml_is_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    config = tmp_path / "routes.yaml"
    config.write_text(CONFIG)
    cuts = list(after_cuts(config, "-m", "gateway", "add", "github", "-c", str(config)))
    # The recorder does not know the old one: where its name is not in the list, it is still there.
    found = {files.get(str(config)) for files in cuts}
    assert found == {None, config.read_bytes()}


def test_a_new_secret_is_not_half_there(tmp_path: Path) -> None:
    config = tmp_path / "routes.yaml"
    config.write_text(CONFIG)
    secret = tmp_path / "secrets" / "github"
    secret.parent.mkdir()
    cuts = list(after_cuts(secret, "-m", "gateway", "add", "github", "-c", str(config)))
    assert secret.stat().st_size > 32
    assert {files.get(str(secret)) for files in cuts} <= {None, secret.read_bytes()}
