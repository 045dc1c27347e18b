"""Schemas: from each version forward, never back, and never half."""

import sqlite3
from pathlib import Path

import pytest

from gateway.errors import StoreUnavailable
from gateway.model.ids import Seq
from gateway.store import sqlite
from gateway.store.sqlite import migrations


def shape(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    return connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()


@pytest.mark.parametrize("start", range(len(migrations.scripts()) + 1))
def test_each_version_reaches_the_same_schema(start: int) -> None:
    fresh = sqlite3.connect(":memory:", isolation_level=None)
    migrations.migrate(fresh, "fresh")
    old = sqlite3.connect(":memory:", isolation_level=None)
    for number, script in enumerate(migrations.scripts()[:start], 1):
        old.executescript(f"{script}; PRAGMA user_version = {number}")
    assert migrations.migrate(old, "old") == len(migrations.scripts()) - start
    assert shape(old) == shape(fresh)
    assert migrations.version(old) == len(migrations.scripts())
    assert migrations.migrate(old, "old") == 0


def test_every_table_is_strict() -> None:
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrations.migrate(db, "fresh")
    loose = [row[1] for row in db.execute("PRAGMA table_list") if row[2] == "table" and not row[5]]
    assert set(loose) <= {"sqlite_schema", "sqlite_temp_schema"}


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrations.migrate(db, "old")
    before = shape(db)
    scripts = (*migrations.scripts(), "CREATE TABLE half (a); CREATE TABLE kv (a);")
    monkeypatch.setattr(migrations, "scripts", lambda: scripts)
    with pytest.raises(StoreUnavailable, match="left as it was"):
        migrations.migrate(db, "old")
    assert shape(db) == before
    assert not db.in_transaction


async def test_a_newer_database_is_refused_untouched_for_writing_and_reading(
    tmp_path: Path,
) -> None:
    path = tmp_path / "gateway.db"
    await (await sqlite.open(path)).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    for opener in (sqlite.open, sqlite.open_readonly):
        with pytest.raises(StoreUnavailable, match="newer gateway"):
            await opener(path)
    assert sqlite3.connect(path).execute("PRAGMA user_version").fetchone() == (99,)


async def test_an_older_database_is_not_read_without_migration(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    sqlite3.connect(path).execute("CREATE TABLE a (b)").connection.close()
    with pytest.raises(StoreUnavailable, match="Start the gateway once"):
        await sqlite.open_readonly(path)


async def test_what_waited_in_the_first_versions_database_is_delivered(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    db = sqlite3.connect(path)
    db.executescript(f"{migrations.scripts()[0]}; PRAGMA user_version = 1")
    columns = (
        "seq, id, event, source, route, target, order_key, state, reason, detail, next_at, attempts, "
        "window_started_at, window_attempts, deaths, begun, trigger, replay_of, created_at, updated_at"
    )
    for seq, state in enumerate(("pending", "leased", "delivered"), 1):
        row = (seq, f"dlv_{seq}", 9, "github", "all", "sink", None, state, "new", "", 5.0, 0, 5.0,
               0, 0, 0, "initial", None, 5.0, 5.0)  # fmt: skip
        db.execute(f"INSERT INTO deliveries ({columns}) VALUES ({', '.join('?' * 20)})", row)
    db.commit()
    db.close()
    store = await sqlite.open(path)
    try:
        page = await store.claim("sink", [(None, (0.0, Seq(0)))], 10)
        assert [due.seq for due in page] == [1, 2]
        (waits,) = await store.backlog()
        assert waits.counts == {"pending": 2}
        assert await store.lease([Seq(1), Seq(2), Seq(3)]) == [1, 2]
    finally:
        await store.close()
