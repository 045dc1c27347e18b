"""Headers: a doubled one stays visible as doubled, whatever its spelling, and is nobody's to choose."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.model.request import Headers

NAMES = st.sampled_from([b"X-Id", b"x-id", b"X-ID", b"Content-Type", b"Host"])
PAIRS = st.lists(st.tuples(NAMES, st.sampled_from([b"", b"a", b"b", b"\xe9", b" a "]))).map(tuple)


@given(PAIRS)
def test_a_name_gives_every_value_in_order_or_the_only_one(
    pairs: tuple[tuple[bytes, bytes], ...],
) -> None:
    headers = Headers(pairs)
    for name in (b"x-id", b"content-type", b"host", b"absent"):
        values = tuple(value for key, value in pairs if key.lower() == name)
        assert headers.all(name) == values
        assert headers.one(name) == (values[0] if len(values) == 1 else None)
        plain = len(values) == 1 and values[0].strip() == b"a"
        assert headers.text(name) == ("a" if plain else "b" if values == (b"b",) else None)
