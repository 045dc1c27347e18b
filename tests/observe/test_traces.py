"""An unexpected exception is told by its place, never by its text."""

import io

import orjson
import pytest

from gateway.app.gateway import Gateway
from gateway.observe import logs
from gateway.observe.traces import frames

SECRET = "what-a-sender-wrote"


def breaks() -> None:
    try:
        int(SECRET)
    except ValueError as error:
        raise KeyError(SECRET) from error


def caught() -> BaseException:
    with pytest.raises(KeyError) as found:
        breaks()
    return found.value


def test_frames_name_places_and_classes_and_no_value() -> None:
    told = frames(caught())
    assert told[-1].endswith(" breaks")
    assert "caused by ValueError" in told
    assert any("tests/observe/test_traces.py:" in one for one in told)
    assert SECRET not in " ".join(told)


@pytest.mark.parametrize("pretty", [True, False])
def test_the_log_of_an_unexpected_error_quotes_nobody(*, pretty: bool) -> None:
    out = io.StringIO()
    logs.configure(level="error", stream=out, pretty=pretty)
    Gateway(lambda _: None)._lines.mistake(caught())  # type: ignore[arg-type, return-value]  # no plan
    logs.configure(level="error")
    text = out.getvalue()
    assert SECRET not in text
    assert "KeyError" in text
    assert "breaks" in text
    if not pretty:
        line = orjson.loads(text)
        assert line["error"] == "KeyError"
        assert line["at"].endswith("Z"), "the time of the line, not a place"
