"""The head of a request: what of the URL and the headers stands in it, and that no header adds one."""

import pytest

from gateway.net.place import head, lines, place


@pytest.mark.parametrize(
    ("url", "start", "key"),
    [
        ("http://a.test/x?y=z", "POST /x?y=z HTTP/1.1\r\nHost: a.test\r\n", ("a.test", 80, False)),
        ("https://a.test", "POST / HTTP/1.1\r\nHost: a.test\r\n", ("a.test", 443, True)),
        ("http://a.test:81/", "POST / HTTP/1.1\r\nHost: a.test:81\r\n", ("a.test", 81, False)),
        ("http://[::1]:81/", "POST / HTTP/1.1\r\nHost: [::1]:81\r\n", ("::1", 81, False)),
        ("http://a.test/ä ö#f", "POST /%C3%A4%20%C3%B6 HTTP/1.1\r\n", ("a.test", 80, False)),
        ("http://bücher.test/", "POST / HTTP/1.1\r\nHost: xn--bcher-kva.test", ("xn--bcher-kva.test", 80, False)),
    ],
)  # fmt: skip
def test_a_url_decides_where_and_what_is_asked_for(
    url: str, start: str, key: tuple[str, int, bool]
) -> None:
    found = place(url)
    assert head("POST", found, "", 2).decode().startswith(start)
    assert found.key == (*key, "")


def test_a_call_without_headers_has_only_what_http_needs() -> None:
    text = b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\nAccept: */*\r\n\r\n"
    assert head("POST", place("http://a.test"), "", 0) == text
    assert head("GET", place("http://a.test"), "", None) == text.replace(
        b"Content-Length: 0\r\n", b""
    ).replace(b"POST", b"GET")


def test_the_urls_password_is_sent_unless_a_header_says_otherwise() -> None:
    found = place("http://us%20er:p%3Aw@a.test/")
    assert b"Authorization: Basic dXMgZXI6cDp3\r\n" in head("POST", found, "", 0)
    own = head("POST", found, "authorization: Bearer x\r\n", 0)
    assert own.lower().count(b"authorization") == 1
    assert b"dXMg" not in own


def test_a_header_host_takes_the_urls_place() -> None:
    text = head("POST", place("http://127.0.0.1:81/"), "host: inside.test\r\n", 0)
    assert text.count(b"ost: ") == 1
    assert b"host: inside.test\r\n" in text


def test_text_beyond_ascii_is_sent_as_utf8() -> None:
    assert "X: ä\r\n".encode() in head("POST", place("http://a.test"), lines([("X", "ä")]), 0)


@pytest.mark.parametrize(
    "bad", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "\r\n\r\nGET / HTTP/1.1"]
)
def test_no_header_ends_its_line(bad: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        lines([("X", bad)])
    with pytest.raises(ValueError, match="line break"):
        lines([(bad, "x")])


@pytest.mark.parametrize("url", ["ftp://a.test/", "a.test", "", "unix:/x", "http://a.test:99999/"])
def test_what_is_no_url_of_http_is_an_error(url: str) -> None:
    with pytest.raises(ValueError):  # whoever raises it
        place(url)


def test_an_address_changes_where_and_not_what_is_said() -> None:
    named, pinned = place("https://a.test:81/x"), place("https://a.test:81/x", "10.0.0.7")
    assert head("POST", named, "", 0) == head("POST", pinned, "", 0)
    assert named.key != pinned.key
    assert (pinned.host, pinned.address) == ("a.test", "10.0.0.7")
