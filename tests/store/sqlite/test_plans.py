"""What is asked of named rows does not cost more the more others there are."""

from pathlib import Path

import pytest

from gateway.store.sqlite import files
from gateway.store.sqlite.inserts import listed, marks
from gateway.store.sqlite.leases import LEASABLE, LEASE, RECORDED
from gateway.store.sqlite.migrations import migrate
from gateway.store.sqlite.moves import PAUSED
from gateway.store.sqlite.pruning import OF_A_LIST, OF_A_RUN

BY_NUMBER = "SEARCH deliveries USING INTEGER PRIMARY KEY (rowid=?)"
THE_LIST = "SCAN json_each VIRTUAL TABLE INDEX 1:"


def test_only_the_named_deliveries_are_looked_at(tmp_path: Path) -> None:
    """This walked all that was held once."""
    connection = files.connect(files.prepare(tmp_path / "gateway.db"))
    migrate(connection, "gateway.db")
    for count in (1, 32, 500):
        plan = connection.execute(
            "EXPLAIN QUERY PLAN " + PAUSED.format(marks(count)), list(range(count))
        ).fetchall()
        assert plan[0][3] == BY_NUMBER
        assert not any(step[3].startswith("SCAN") for step in plan)
    connection.close()


@pytest.mark.parametrize("sql", [LEASABLE, LEASE, RECORDED, *OF_A_LIST])
def test_of_a_list_only_what_it_names_is_looked_at(tmp_path: Path, sql: str) -> None:
    """Some walked all of a state once: 9 ms of a lease where 100,000 waited."""
    connection = files.connect(files.prepare(tmp_path / "gateway.db"))
    migrate(connection, "gateway.db")
    values = [listed([1, 2])] * sql.count("?")
    plan = [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + sql, values)]
    assert plan[0].startswith("SEARCH")
    assert [step for step in plan if step.startswith("SCAN")] == [THE_LIST]
    connection.close()


@pytest.mark.parametrize("sql", OF_A_RUN)
def test_of_a_run_only_what_lies_in_it_is_looked_at(tmp_path: Path, sql: str) -> None:
    """Numbers, or the events that an index names, from one to another; and each step of an index."""
    connection = files.connect(files.prepare(tmp_path / "gateway.db"))
    migrate(connection, "gateway.db")
    plan = [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + sql, (1, 2))]
    looks = [step for step in plan if step.startswith(("SEARCH", "SCAN"))]
    assert not any(step.startswith("SCAN") for step in looks)
    assert all("=?" in step or ("<?" in step and ">?" in step) for step in looks)
    connection.close()
