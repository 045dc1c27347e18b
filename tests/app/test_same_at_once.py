"""The same request fifty times at once, two hundred times: one event each, whatever commits do."""

import asyncio
import functools
import sqlite3
from pathlib import Path

import pytest

from gateway.store import sqlite
from gateway.store.sqlite.commits import BEFORE_COMMIT
from tests.app.running import receiving, running

ROUNDS = 200
COPIES = 50
FAILING = frozenset(range(9, ROUNDS, 20))
"""Rounds whose commits fail."""


async def test_one_event_a_round_and_no_2xx_where_the_commit_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = False

    def fault(point: str) -> None:
        if full and point == BEFORE_COMMIT:
            raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(sqlite, "open", functools.partial(sqlite.open, fault=fault))
    ids: list[str] = []
    async with receiving() as receiver, running(tmp_path, receiver) as one:
        for number in range(ROUNDS):
            full = number in FAILING
            answers = await asyncio.gather(*(one.github(f"same-{number}") for _ in range(COPIES)))
            statuses = {status for status, _ in answers}
            if full:
                assert statuses == {503}
                continue
            assert statuses <= {200, 202}
            assert sum(answer["status"] == "accepted" for _, answer in answers) == 1
            (id,) = {answer["id"] for _, answer in answers}
            ids.append(id)
        full = False
        assert len(set(ids)) == len(ids) == ROUNDS - len(FAILING)
        for number in FAILING:  # nothing of a failed commit was kept: the sender's retry is first
            status, answer = await one.github(f"same-{number}")
            assert (status, answer["status"]) == (202, "accepted")
            ids.append(answer["id"])
        await receiver.wait(ROUNDS)
    assert sorted(headers["Gateway-Event-Id"] for headers, _ in receiver.taken) == sorted(ids)
