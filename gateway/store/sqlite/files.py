"""The database's files: their modes, the lock that says who writes, and the write connection.

No SQL beyond PRAGMAs; the schema is `migrations`'.
"""

import contextlib
import errno
import fcntl
import os
import sqlite3
from pathlib import Path
from typing import Final

from gateway.errors import StoreLocked, StoreUnavailable
from gateway.store.protocol import Health

AUTOCHECKPOINT_PAGES: Final = 2000
"""8 MB of write-ahead log: between fewer page writes and a long pause at each checkpoint."""
_WAL_KEPT: Final = 64 * 1024 * 1024
_BUSY_MS: Final = 10_000
_STATEMENTS: Final = 256
_PID_BYTES: Final = 16
_DISK_CODES: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})
"""EDQUOT is SQLITE_IOERR_WRITE; a folder that takes no new file (no inode left) is CANTOPEN."""
_DISK_ERRORS: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})


class Lock:
    """The lock file beside a database; the kernel frees it when the process dies."""

    def __init__(self, database: Path) -> None:
        """Takes the lock. Raises `StoreLocked` if another process has it."""
        path = database.with_name(database.name + ".lock")
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreUnavailable(f"cannot open the lock {path}: {error.strerror}") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._file, 32).decode("ascii", "replace").strip()
            os.close(self._file)
            raise StoreLocked(
                f"{database} is in use by process {holder or 'unknown'} (lock file {path}). "
                "Only one gateway may write to a database; stop that one first.",
                int(holder) if holder.isdecimal() else None,
            ) from None
        except OSError:
            os.close(self._file)
            raise
        # Always as long, so that a full disk takes it where another process wrote before. If not,
        # the lock holds all the same, it only cannot say whose it is.
        with contextlib.suppress(OSError):
            os.pwrite(self._file, f"{os.getpid():<{_PID_BYTES - 1}}\n".encode(), 0)
            os.ftruncate(self._file, _PID_BYTES)

    def fileno(self) -> int:
        """For a process that is to hold it as well: the lock is free when both are gone."""
        return self._file

    def release(self) -> None:
        """Gives the lock back. The file stays: deleting it would race with the next holder."""
        os.close(self._file)


def lives(process: int | None) -> bool:
    """Whether a process with this number is there and has not ended; None: nobody knows, so yes."""
    if process is None:
        return True
    try:
        os.kill(process, 0)
        stat = Path(f"/proc/{process}/stat").read_bytes()
    except ProcessLookupError:
        return False
    except OSError:  # not ours, or a system without /proc
        return True
    return stat.rpartition(b")")[2].split()[0] not in {b"Z", b"X"}


def prepare(path: Path) -> Path:
    """Makes the file, readable by its owner only, if there is none. SQLite copies its mode to -wal
    and -shm. Returns the absolute path. Raises `StoreUnavailable`."""
    database = path.absolute()
    folder = database.parent
    if not folder.is_dir():
        raise StoreUnavailable(
            f"cannot open the store {database}: the folder {folder} does not exist. "
            "Create it, owned by the gateway's user."
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StoreUnavailable(
            f"cannot open the store {database}: the folder {folder} cannot be written. "
            "SQLite keeps its log beside the database: give the folder to the gateway's user."
        )
    try:
        os.close(os.open(database, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        if database.stat().st_mode & 0o077:
            database.chmod(0o600)
    except OSError as error:
        raise StoreUnavailable(f"cannot open the store {database}: {error.strerror}") from error
    return database


def existing(path: Path) -> Path:
    """The absolute path of a database that is there. Raises `StoreUnavailable`."""
    database = path.absolute()
    if not database.is_file():
        raise StoreUnavailable(
            f"there is no store at {database}: start the gateway once, "
            "or look at `store.url` in routes.yaml"
        )
    return database


def connect(database: Path) -> sqlite3.Connection:
    """A write connection. Raises `sqlite3.Error`."""
    connection = sqlite3.connect(
        database,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS,
        timeout=_BUSY_MS / 1000,
    )
    try:
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            f"wal_autocheckpoint = {AUTOCHECKPOINT_PAGES}",
            f"journal_size_limit = {_WAL_KEPT}",
            "secure_delete = OFF",
            "foreign_keys = OFF",
            "temp_store = MEMORY",
            "cache_size = -16384",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def disk_refused(error: BaseException) -> bool:
    """Whether an error means that the disk did not take a write, or not give a read."""
    cause = error.__cause__
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DISK_CODES
    if isinstance(error, OSError):
        return error.errno in _DISK_ERRORS
    return cause is not None and disk_refused(cause)


def readonly_uri(database: Path) -> str:
    """The address under which a database is opened for reading only."""
    return database.absolute().as_uri() + "?mode=ro"


def copy(database: Path, to: Path) -> None:
    """A consistent copy, readable by its owner only. It appears under its name when it is whole.

    Raises `StoreUnavailable` if `to` exists or cannot be written.
    """
    part = to.with_name(to.name + ".part")
    try:
        if to.exists():
            raise FileExistsError(17, "it exists already; choose another name")
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        part.chmod(0o600)
        source = sqlite3.connect(readonly_uri(database), uri=True)
        target = sqlite3.connect(part)
        try:
            source.backup(target)  # all pages in one step: one read transaction, one moment
            target.execute("PRAGMA journal_mode = DELETE").fetchall()
        finally:
            target.close()
            source.close()
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(to)
        _sync_folder(to.parent)
    except (OSError, sqlite3.Error) as error:
        part.unlink(missing_ok=True)
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise StoreUnavailable(f"cannot back the store {database} up to {to}: {why}") from error


def _sync_folder(folder: Path) -> None:
    """A file's new name survives a power cut only then."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def health(
    database: Path, *, queue: int, problem: str, disk_refused: bool = False, reusable: int = 0
) -> Health:
    """Sizes of the files and the room beside them. reusable: bytes, see `Health`."""
    try:
        disk = os.statvfs(database.parent)
        free = disk.f_bavail * disk.f_frsize
    except OSError as error:
        return Health(False, problem or str(error), 0, 0, 0, queue)
    return Health(
        writable=not problem,
        problem=problem,
        free_bytes=free,
        database_bytes=_size(database),
        wal_bytes=_size(database.with_name(database.name + "-wal")),
        queue=queue,
        disk_refused=disk_refused,
        reusable_bytes=reusable,
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
