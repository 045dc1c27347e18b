"""JSON pointers as RFC 6901 has them."""

from gateway.providers.pointers import at


def test_pointers_are_read_as_rfc_6901_says() -> None:
    value = {"a/b": {"m~n": [10, {"x": 1}]}}
    assert at(value, "/a~1b/m~0n/1/x") == 1
    assert at(value, "") is value
    assert at(value, "/a~1b/m~0n/7") is None
    assert at("text", "/0") is None
