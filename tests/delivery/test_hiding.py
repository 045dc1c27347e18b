"""No secret of ours is kept because a target repeats it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.delivery.hiding import INSTEAD, hide

SECRET = b"tok-0123456789"


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (b'{"Authorization": "Bearer tok-0123456789"}', b'{"Authorization": "Bearer [secret]"}'),
        (b"tok-0123456789tok-0123456789", INSTEAD * 2),
        (b"cut off: tok-0123", b"cut off: " + INSTEAD),
        (b"cut off: tok-0123456789", b"cut off: " + INSTEAD),
        (b"token tok-01 is bad", b"token tok-01 is bad"),
        (b"", b""),
    ],
)
def test_a_repeated_secret_is_replaced_also_where_the_answer_is_cut(
    answer: bytes, shown: bytes
) -> None:
    assert hide(answer, [SECRET]) == shown


@given(st.binary(), st.binary(), st.integers(0, 60))
def test_wherever_it_stands_and_is_cut_no_half_of_it_is_left(
    before: bytes, after: bytes, most: int
) -> None:
    assert SECRET[:10] not in hide((before + SECRET + after)[:most], [SECRET])
