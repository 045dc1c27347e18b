"""Searches by what an index lists late: the same answers before, while and after it does."""

import sqlite3
from functools import partial
from pathlib import Path

import pytest

from gateway.store import sqlite
from gateway.store.protocol import EventFilter, Store
from gateway.store.sqlite import commits, files, subjects
from gateway.store.sqlite.event_reads import BY_TEXT
from gateway.store.sqlite.keys import NOT_SWEPT, Keys
from gateway.store.sqlite.migrations import migrate, scripts
from tests.store.conftest import SqliteBench
from tests.store.make import LATE, admission, digest, event


async def keys(store: Store, text: str) -> list[str]:
    return [one.event.dedup_key for one in await store.events(EventFilter(text=text), None, 99)]


def count(path: Path, table: str) -> int:
    with sqlite3.connect(path) as db:
        (found,) = db.execute(f"SELECT count(*) FROM {table}").fetchone()
    db.close()
    return int(found)


@pytest.mark.parametrize(("step", "waiting"), [(1, 0), (25, 9), (10_000, 10_000)])
async def test_subjects_and_keys_are_found_at_every_moment(
    bench: SqliteBench, monkeypatch: pytest.MonkeyPatch, step: int, waiting: int
) -> None:
    monkeypatch.setattr(subjects, "STEP", step)
    monkeypatch.setattr(commits, "Keys", partial(Keys, waiting))
    store = await bench.open()
    for number in range(40):
        subject = None if number % 4 == 3 else f"repo {number % 4}"
        await store.accept(admission(event(f"key {number}", subject=subject)))
        assert await keys(store, f"key {number}") == [f"key {number}"]
        for repo in range(3):
            expected = [f"key {one}" for one in range(number, -1, -1) if one % 4 == repo]
            assert await keys(store, f"repo {repo}") == expected
    assert (count(bench.path, "subjects") > 0) == (count(bench.path, "digests") > 0) == (step < 99)
    (again,) = await store.accept(admission(event("key 0")))
    assert again.duplicate
    while await store.prune(LATE, LATE, 7):
        pass
    assert await keys(store, "repo 0") == []
    assert count(bench.path, "subjects") == 0


async def test_what_an_older_version_indexed_is_found(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    db = sqlite3.connect(path)
    for script in scripts()[:4]:
        db.executescript(script)
    db.execute("PRAGMA user_version = 4")
    made = event("old", subject="acme/site")
    db.execute(
        "INSERT INTO events VALUES (2, ?, 1, 0, 'github', 'vcs.push', 'push', NULL, 'old', "
        "'acme/site', 1.0, '{}', '', 1, 0, NULL)",
        (made.id,),
    )
    db.execute(
        "INSERT INTO receipts VALUES (1, 1, 0, 0, 0, 1, 'github', 'github', 1.0, '', '', '', 1, '', "
        "'', NULL)"
    )
    db.execute("INSERT INTO dedup VALUES (2, ?, ?, 1.0)", (made.id, digest("old")))
    db.commit()
    db.close()
    store = await sqlite.open(path)
    for text in ("old", "acme/site", made.id):
        assert await keys(store, text) == ["old"]
    (again,) = await store.accept(admission(event("old")))
    assert (again.duplicate, again.id) == (True, made.id)
    await store.close()


@pytest.mark.parametrize("way", [*BY_TEXT, (f"{NOT_SWEPT} AND digest = ?", "+event")])
def test_a_search_walks_no_further_than_what_is_not_listed_yet(
    tmp_path: Path, way: tuple[str, str]
) -> None:
    connection = files.connect(files.prepare(tmp_path / "gateway.db"))
    migrate(connection, "gateway.db")
    rest, column = way
    query = (
        f"EXPLAIN QUERY PLAN SELECT DISTINCT {column} AS event FROM {rest} AND {column} >= 1 "
        f"AND {column} < 9 ORDER BY {column} DESC LIMIT 5"
    )
    plan = [row[3] for row in connection.execute(query, [b"x"] * query.count("?"))]
    assert plan[0].startswith("SEARCH")
    connection.close()
