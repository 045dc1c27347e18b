"""Packs: bytes in, the same bytes out; memory stays bounded."""

import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from gateway.store.sqlite import inserts
from gateway.store.sqlite.packs import (
    PackCache,
    Place,
    decode_headers,
    encode_head,
    says_json,
)

HEADERS = st.lists(st.tuples(st.binary(max_size=20), st.binary(max_size=40)), max_size=8)


@given(HEADERS, st.booleans())
def test_any_headers_come_back_with_what_is_known_of_the_body(
    pairs: list[tuple[bytes, bytes]], is_json: bool
) -> None:
    head = encode_head(tuple(pairs), is_json=is_json)
    assert decode_headers(head) == tuple(pairs)
    assert says_json(head) == is_json


@given(st.lists(st.tuples(HEADERS, st.binary(max_size=200)), min_size=1, max_size=6))
def test_any_receipt_is_cut_out_of_its_pack(
    receipts: list[tuple[list[tuple[bytes, bytes]], bytes]],
) -> None:
    parts: list[bytes] = []
    places: list[Place] = []
    at = 0
    for pairs, body in receipts:
        head = encode_head(tuple(pairs), is_json=False)
        places.append(Place(1, at, len(head), len(body)))
        parts += (head, body)
        at += len(head) + len(body)
    raw = b"".join(parts)
    cut = [place.cut(raw) for place in places]
    found = [(list(decode_headers(head)), body) for head, body in cut]
    assert found == receipts


def test_the_pack_cache_is_bounded_by_bytes_and_drops_the_least_used() -> None:
    cache = PackCache(100)
    cache.add(1, b"x" * 40)
    cache.add(2, b"x" * 40)
    assert cache.get(1) is not None
    cache.add(3, b"x" * 40)
    cache.add(4, b"x" * 101)
    assert [cache.get(n) is not None for n in (1, 2, 3, 4)] == [True, False, True, False]
    assert cache.size == 80


def test_no_prepared_statement_keeps_the_bytes_of_more_than_one_pack() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE packs (id, receipts, size, data, dictionary)")
    said: list[str] = []
    connection.set_trace_callback(said.append)
    rows = [(number, 1, 9, b"pack", None) for number in range(40)]
    assert inserts.PACKS.run(connection, rows) == 40
    assert [one.count("(") for one in said if one.startswith("INSERT")] == [2] * 40
    assert connection.execute("SELECT * FROM packs ORDER BY id").fetchall() == rows
    connection.close()
