"""What an answer says of the endpoint and of the target, beside the delivery's own fate. Pure."""

from typing import Final

from gateway.delivery.retry import Verdict, read_retry_after, verdict
from gateway.model.record import record
from gateway.model.states import ErrorClass
from gateway.net.sending import Answer

OF_THE_REQUEST: Final = frozenset({409, 425, 429})
"""Answers that are tried again and yet are no failure of the endpoint: they speak of this very
request, or of our pace."""
TOO_MUCH: Final = frozenset({429, 502, 504})
TOO_SLOW: Final = frozenset({ErrorClass.TIMEOUT, ErrorClass.CONNECT_TIMEOUT})


@record
class Said:
    """What breaker and pace hear of one attempt."""

    good: bool
    """The endpoint lives: it gave an answer that is not tried again, or one of `OF_THE_REQUEST`."""
    taken: bool
    """The delivery was taken."""
    too_much: bool
    """The target says, or shows, that it gets more than it bears."""
    asked: float = 0.0
    """Seconds of a 429's `Retry-After`."""
    error: str = ""
    """For a person; empty where it was taken."""


TAKEN: Final = Said(good=True, taken=True, too_much=False)


def said(answer: Answer, now: float) -> Said:
    """Reads an answer."""
    meant = verdict(answer)
    if meant is Verdict.DELIVERED:
        return TAKEN
    status = answer.status
    return Said(
        good=meant is Verdict.DEAD or status in OF_THE_REQUEST,
        taken=False,
        too_much=status in TOO_MUCH or answer.error in TOO_SLOW,
        asked=read_retry_after(answer.retry_after, now) if status == 429 else 0.0,
        error=answer.message or f"answered {status}",
    )
