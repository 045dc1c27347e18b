"""The checker of traces, on traces written by hand."""

from tests.durability.trace import Verdict, calls, judge

ID = "evt_01ABCDEFGHJKMNPQRSTVWXYZ00"
WAL = "7</d/gateway.db-wal>"
HEADER = f'1 pwrite64({WAL}, "7\\177\\6\\202\\0-\\342\\30", 32, 0) = 32'
MIDDLE = f'1 pwrite64({WAL}, "\\0\\0\\0\\1\\0\\0\\0\\0abcdefghijklmnop", 24, 32) = 24'
LAST = f'1 pwrite64({WAL}, "\\0\\0\\0\\2\\0\\0\\0\\33abcdefghijklmnop", 24, 4152) = 24'
ROW = f'1 pwrite64({WAL}, "\\0\\1{ID}2github\\0", 4096, 56) = 4096'
OTHER = f'1 pwrite64({WAL}, "\\0\\0", 4096, 4176) = 4096'
SYNC = f"1 fdatasync({WAL}) = 0"
SEND = (
    f'2 write(9<TCP:[1->2]>, "HTTP/1.1 202 Accepted\\r\\n\\r\\n{{\\"id\\":\\"{ID}\\"}}", 99) = 99'
)
COMMIT = [HEADER, MIDDLE, ROW, LAST, OTHER]


def early(*lines: str) -> bool:
    return judge(lines).early == (ID,)


def test_an_answer_after_the_sync_of_its_commit_is_right() -> None:
    assert judge([*COMMIT, SYNC, SEND]) == Verdict(1, 1, ())


def test_an_answer_without_any_sync_is_early() -> None:
    assert early(*COMMIT, SEND)


def test_an_answer_before_the_sync_is_early() -> None:
    assert early(*COMMIT, SEND, SYNC)


def test_a_sync_before_the_last_page_of_the_commit_covers_nothing() -> None:
    assert early(HEADER, MIDDLE, ROW, SYNC, LAST, OTHER, SEND)


def test_a_sync_that_began_before_the_last_page_was_written_covers_nothing() -> None:
    begun, ended = f"1 fdatasync({WAL} <unfinished ...>", "1 <... fdatasync resumed>) = 0"
    late = [line.replace("1 ", "3 ", 1) for line in (LAST, OTHER)]
    assert early(HEADER, MIDDLE, ROW, begun, *late, ended, SEND)
    assert not early(*COMMIT, begun, ended, SEND)


def test_an_answer_that_begins_while_the_sync_runs_is_early() -> None:
    begun, ended = f"1 fdatasync({WAL} <unfinished ...>", "1 <... fdatasync resumed>) = 0"
    assert early(*COMMIT, begun, SEND, ended)


def test_a_failed_sync_covers_nothing() -> None:
    failed = f"1 fdatasync({WAL}) = -1 EIO (Input/output error)"
    assert early(*COMMIT, failed, SEND)


def test_a_sync_of_another_file_covers_nothing() -> None:
    assert early(*COMMIT, SYNC.replace("-wal", ""), SEND)


def test_an_id_that_was_never_written_is_early() -> None:
    assert early(SYNC, SEND)


def test_a_refusal_needs_no_sync() -> None:
    assert judge([SEND.replace("202", "503")]) == Verdict(0, 0, ())


def test_a_call_cut_in_two_is_put_together() -> None:
    start = f'5 pwrite64({WAL}, "abc", 3, 10 <unfinished ...>'
    (call,) = calls(
        [start, SEND.replace("= 99", "= -1 EPIPE (Broken pipe)"), "5 <... pwrite64 resumed>) = 3"]
    )
    assert (call.name, call.result, call.began, call.ended) == ("pwrite64", 3, 0, 2)
