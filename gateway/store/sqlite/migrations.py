"""Brings a database to this program's schema: ordered files, forward only, one transaction each."""

import sqlite3
from functools import cache
from importlib.resources import files

from gateway.errors import StoreUnavailable


@cache
def scripts() -> tuple[str, ...]:
    """The migrations in order; the first makes version 1."""
    folder = files("gateway.store.sqlite") / "schema"
    found = sorted((item for item in folder.iterdir() if item.name.endswith(".sql")), key=_name)
    for number, item in enumerate(found, 1):
        if int(item.name[:4]) != number:
            raise AssertionError(f"{item.name} should be number {number:04}")
    return tuple(item.read_text("utf-8") for item in found)


def _name(item: object) -> str:
    return str(getattr(item, "name", ""))


def version(connection: sqlite3.Connection) -> int:
    """The schema's version; 0 for an empty database."""
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    return int(number)


def problem_with(found: int, name: str) -> str:
    """Why this program cannot read a database of that version; empty if it can."""
    if found > len(scripts()):
        return (
            f"{name} was written by a newer gateway (schema {found}, this one knows "
            f"{len(scripts())}). Run that version again, or restore a backup made before it."
        )
    if found < len(scripts()):
        return (
            f"{name} has the older schema {found} (this gateway needs {len(scripts())}). "
            "Start the gateway once: it migrates its database."
        )
    return ""


def migrate(connection: sqlite3.Connection, name: str) -> int:
    """Applies what is missing; returns how many files that were.

    Raises `StoreUnavailable` for a newer database; it is left untouched.
    """
    found = version(connection)
    if found > len(scripts()):
        raise StoreUnavailable(problem_with(found, name))
    for number, script in enumerate(scripts()[found:], found + 1):
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;"
            )
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise StoreUnavailable(
                f"cannot bring {name} to schema {number}: {error}. It was left as it was."
            ) from error
    return len(scripts()) - found
