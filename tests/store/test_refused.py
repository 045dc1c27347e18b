"""The refused log: bounded, out of everybody's way, and whole for who looks."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.errors import StoreUnavailable
from gateway.model.ids import Seq
from gateway.model.records import Refused
from gateway.store.refused import RefusedLog, page, path_beside
from tests.store.make import HEADERS, NOW


def refused(number: int = 0, *, source: str = "github", outcome: str = "bad_signature") -> Refused:
    return Refused(
        at=NOW + number,
        source=source,
        outcome=outcome,
        reason="no secret fits",
        client="203.0.113.7",
        method="POST",
        path="/in/github\udcff",
        headers=HEADERS,
        size=12,
        body_hash="ab" * 32,
        request_id=f"req-{number}",
    )


def log(folder: Path, **options: float) -> RefusedLog:
    """A log whose clocks stand still: its rate never refills."""
    return RefusedLog(folder / "gateway.db", clock=lambda: NOW, monotonic=lambda: 0.0, **options)  # type: ignore[arg-type]  # ints are floats here


async def test_entries_come_back_whole_newest_first_by_pages_and_filters(tmp_path: Path) -> None:
    kept = log(tmp_path)
    for number in range(6):
        assert kept.add(refused(number, source=("github", "stripe")[number % 2]))
    kept.add(refused(9, outcome="stale"))
    await kept.flush()
    first = await kept.page(limit=3)
    rest = await kept.page(first[-1].seq, 99)
    assert [r.request_id for r in (*first, *rest)] == [
        "req-9",
        *(f"req-{n}" for n in range(5, -1, -1)),
    ]
    assert replace(first[0], seq=Seq(0), path="") == replace(refused(9, outcome="stale"), path="")
    assert [r.request_id for r in await kept.page(source="stripe", outcome="bad_signature")] == [
        "req-5",
        "req-3",
        "req-1",
    ]
    await kept.close()


async def test_above_the_rate_entries_are_only_counted(tmp_path: Path) -> None:
    now = [0.0]
    kept = RefusedLog(tmp_path / "gateway.db", clock=lambda: NOW, monotonic=lambda: now[0])
    assert sum(kept.add(refused(n)) for n in range(200)) == 50
    now[0] = 0.1
    assert sum(kept.add(refused(n)) for n in range(200)) == 5
    await kept.flush()
    assert (kept.counts.written, kept.counts.dropped) == (55, 345)
    await kept.close()


async def test_rows_and_age_are_bounded(tmp_path: Path) -> None:
    now = [0.0]
    kept = RefusedLog(
        tmp_path / "gateway.db",
        clock=lambda: NOW + 7,
        monotonic=lambda: now[0],
        keep_rows=10,
        keep_seconds=5.0,
    )
    for number in range(30):
        kept.add(refused(number))
    await kept.flush()
    now[0] = 60.0
    kept.add(refused(31))
    await kept.flush()
    assert len(await kept.page(limit=999)) == 10
    await kept.close()
    late = RefusedLog(
        tmp_path / "gateway.db", clock=lambda: NOW + 34, monotonic=lambda: 0.0, keep_seconds=5.0
    )
    late.add(refused(32))
    await late.flush()
    assert [r.request_id for r in await late.page()] == ["req-32", "req-31", "req-29"]
    await late.close()


async def test_a_huge_header_is_cut_and_not_kept(tmp_path: Path) -> None:
    kept = log(tmp_path)
    kept.add(replace(refused(), headers=((b"a", b"1"), (b"b", b"x" * 10**6)), path="/" * 10**6))
    await kept.flush()
    (found,) = await kept.page()
    assert found.headers == ((b"a", b"1"),)
    assert len(found.path) < 3000
    await kept.close()


async def test_a_broken_disk_loses_entries_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    kept = log(folder)
    assert kept.add(refused(0))
    await kept.flush()
    assert kept.counts.failed == 1
    folder.mkdir()
    kept.add(refused(1))
    await kept.flush()
    assert [r.request_id for r in await kept.page()] == ["req-1"]
    await kept.close()
    assert not kept.add(refused(2))


async def test_the_file_is_its_owner_s_and_readable_without_a_gateway(tmp_path: Path) -> None:
    path = path_beside(tmp_path / "gateway.db")
    assert await page(path) == []
    kept = log(tmp_path)
    kept.add(refused())
    await kept.close()
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(await page(path)) == 1
    path.write_bytes(b"no database" * 100)
    with pytest.raises(StoreUnavailable, match="cannot read the refused log"):
        await page(path)
