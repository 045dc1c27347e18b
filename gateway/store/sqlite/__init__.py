"""The SQLite store. `open` for the one process that writes, `open_readonly` for all others."""

from gateway.store.sqlite.reader import SqliteReader, open_readonly
from gateway.store.sqlite.store import SqliteStore, open  # noqa: A004  read as `sqlite.open`

__all__ = ["SqliteReader", "SqliteStore", "open", "open_readonly"]
