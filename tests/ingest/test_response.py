"""Answers as bytes: what a client's parser needs to find, and nothing that could end a line."""

import re

import pytest

from gateway.ingest.parts import Answer
from gateway.ingest.response import CLOSE, KEEP_ALIVE, encode

JSON = (("Content-Type", "application/json"),)


def test_an_answer_is_one_dated_response_with_its_length() -> None:
    head, _, body = encode(Answer(202, JSON, b'{"a":1}')).partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 202 Accepted"
    assert {"Content-Type: application/json", "Server: gateway", "Content-Length: 7"} < set(lines)
    assert any(re.fullmatch(r"Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", x) for x in lines)
    assert not any(line.startswith("Connection") for line in lines)
    assert body == b'{"a":1}'


@pytest.mark.parametrize("word", [CLOSE, KEEP_ALIVE])
def test_what_becomes_of_the_connection_is_said_once(word) -> None:
    data = encode(Answer(202, JSON, b"{}"), connection=word)
    assert data.count(b"Connection: ") == 1
    assert f"\r\nConnection: {word}\r\n".encode() in data


def test_a_head_request_gets_the_length_and_no_body() -> None:
    data = encode(Answer(405, JSON, b"12345"), head_only=True)
    assert data.endswith(b"Content-Length: 5\r\n\r\n")


@pytest.mark.parametrize("status", [204, 304])
def test_what_has_no_body_has_no_length(status) -> None:
    data = encode(Answer(status, (), b"ignored"))
    assert data.endswith(b"\r\n\r\n")
    assert b"Content-Length" not in data


def test_a_status_without_a_name_is_still_one() -> None:
    assert encode(Answer(299, (), b"")).startswith(b"HTTP/1.1 299 \r\n")


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\n", "a\0", "a\r"])
def test_no_header_can_end_its_line(value) -> None:
    with pytest.raises(ValueError, match="X-Ours"):
        encode(Answer(200, (("X-Ours", value),), b""))
