"""What the headers say of a body, whatever the HTTP parser in front lets through."""

import pytest

from gateway.errors import RequestRefused
from gateway.ingest.body import declared
from gateway.model.outcomes import Outcome
from gateway.model.request import Headers


@pytest.mark.parametrize(
    "length", [b"101", b"9" * 19, b"9" * 23, b"9" * 5000, b"0" * 5000 + b"101"]
)
def test_a_length_over_the_limit_is_too_large_however_it_is_written(length: bytes) -> None:
    with pytest.raises(RequestRefused) as raised:
        declared(Headers(((b"Content-Length", length),)), 100, frozenset())
    assert raised.value.outcome is Outcome.TOO_LARGE


@pytest.mark.parametrize("length", [b"100", b"0", b"0" * 5000, b"0" * 5000 + b"99"])
def test_a_length_within_it_is_not(length: bytes) -> None:
    assert declared(Headers(((b"Content-Length", length),)), 100, frozenset()) == ""
