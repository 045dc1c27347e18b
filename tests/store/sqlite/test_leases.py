"""What a lease costs does not grow with what waits."""

from pathlib import Path

from gateway.store.sqlite import files
from gateway.store.sqlite.inserts import marks
from gateway.store.sqlite.leases import LEASABLE
from gateway.store.sqlite.migrations import migrate


def test_a_lease_looks_at_the_named_deliveries_alone(tmp_path: Path) -> None:
    """It walked all pending ones once: 9 ms where 100,000 waited."""
    connection = files.connect(files.prepare(tmp_path / "gateway.db"))
    migrate(connection, "gateway.db")
    for count in (1, 32, 500):
        plan = connection.execute(
            "EXPLAIN QUERY PLAN " + LEASABLE.format(marks(count)), list(range(count))
        ).fetchall()
        assert [step[3] for step in plan] == [
            "SEARCH deliveries USING INTEGER PRIMARY KEY (rowid=?)"
        ]
    connection.close()
