"""What an answer says of its endpoint: a table, looked at from outside."""

import pytest

from gateway.delivery.outcomes import said
from gateway.delivery.retry import verdict
from gateway.model.states import ErrorClass
from gateway.net.sending import Answer

T = 1_790_000_000.0


def answer(status: int | None = None, error: ErrorClass | None = None, **more: str) -> Answer:
    return Answer(status, error, "no luck" if error else "", b"", 0.1, **more)


@pytest.mark.parametrize("status", range(200, 600))
def test_what_is_tried_again_is_a_failure_but_for_what_speaks_of_the_request(status: int) -> None:
    again = verdict(answer(status)) == "retry"
    assert said(answer(status), T).good == (not again or status in {409, 425, 429})
    assert said(answer(status), T).taken == (status < 300)
    assert said(answer(status), T).too_much == (status in {429, 502, 504})


@pytest.mark.parametrize("error", list(ErrorClass))
def test_no_answer_is_a_failure_and_a_time_out_is_too_much(error: ErrorClass) -> None:
    heard = said(answer(error=error), T)
    assert (heard.good, heard.taken, heard.error) == (False, False, "no luck")
    assert heard.too_much == (error in {ErrorClass.TIMEOUT, ErrorClass.CONNECT_TIMEOUT})


def test_a_retry_after_counts_for_the_target_with_429_only() -> None:
    assert said(answer(429, retry_after="7"), T).asked == 7
    assert said(answer(503, retry_after="7"), T).asked == 0
    assert said(answer(503), T).error == "answered 503"
