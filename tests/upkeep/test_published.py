"""A published list that is garbage, empty, too wide or shrunk opens nothing and closes nobody."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import providers
from gateway.upkeep.published import AT_MOST, GRACE, Unbelievable, dump, load, merge, read
from gateway.verify.addresses import parse_network

OLD, NEW = parse_network("140.82.112.0/20"), parse_network("8.8.8.0/24")
NOW = 1_790_000_000.0


def document(*entries: object) -> bytes:
    return orjson.dumps({"hooks": list(entries), "web": ["0.0.0.0/0"]})


def test_only_the_list_pointed_at_is_read() -> None:
    assert read(document("8.8.8.0/24", "8.8.8.0/24"), ("/hooks",)) == (NEW,)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>busy</html>",
        b"null",
        b"[]",
        b"{}",
        b'{"hooks": null}',
        b'{"hooks": {}}',
        document(),
        document(None),
        document(1),
        document(["8.8.8.0/24"]),
        document("8.8.8.0/24", ""),
        document("8.8.8.0/24", "example.com"),
        document("8.8.8.1/24"),
        document("0.0.0.0/0"),
        document("::/0"),
        document("8.0.0.0/8"),
        document("2000::/3"),
        document("::ffff:0:0/96"),
        document("10.0.0.0/16"),
        document("127.0.0.1"),
        document("169.254.169.254"),
        document("224.0.0.0/16"),
        document("fd00::/64"),
        document(*(f"8.{n // 256}.{n % 256}.0/24" for n in range(AT_MOST + 1))),
    ],
)
def test_a_document_is_taken_whole_or_not_at_all(data: bytes) -> None:
    with pytest.raises(Unbelievable):
        read(data, ("/hooks",))


@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("hooks"), inner),
    ).map(lambda value: repr(value).encode())
)
def test_no_document_and_no_stored_value_raises_anything_else(data: bytes) -> None:
    assert load(data, NOW) is None
    with pytest.raises(Unbelievable):
        read(data, ("/hooks",))


def test_a_network_that_is_listed_no_more_stays_for_the_grace_and_goes_then() -> None:
    known = merge(None, (str(OLD),), [NEW], NOW)
    assert set(known.networks) == {OLD, NEW}
    known = merge(known, (), [NEW], NOW + GRACE)
    assert set(known.networks) == {OLD, NEW}
    assert merge(known, (), [NEW], NOW + GRACE + 1).networks == (NEW,)


def test_the_store_gives_back_what_was_put_in() -> None:
    known = merge(None, (str(OLD),), [NEW], NOW)
    assert load(dump(known), NOW) == known


def test_a_stored_time_in_the_future_counts_as_now() -> None:
    known = load(dump(merge(None, (), [NEW], NOW + 10 * GRACE)), NOW)
    assert known is not None
    assert (known.fetched_at, known.seen) == (NOW, ((NEW, NOW),))


@pytest.mark.parametrize("name", providers.names())
def test_what_is_shipped_would_be_believed_if_it_were_published(name: str) -> None:
    ranges = providers.load(name).ranges
    if ranges is not None:
        assert read(document(*ranges.shipped), ("/hooks",))
        assert bool(ranges.url) == bool(ranges.pointers)
