"""When is what tried again: which answers, after how long, and until when. Pure.

Delay = max(Retry-After capped, exponential with full jitter), see
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
"""

from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from gateway.model.record import record
from gateway.model.records import Delivery
from gateway.model.states import DeliveryState, ErrorClass, Reason
from gateway.net.sending import Answer
from gateway.plan.plan import RetryPolicy


class Verdict(StrEnum):
    """What an answer means."""

    DELIVERED = "delivered"
    RETRY = "retry"
    DEAD = "dead"


STATUSES: Final[MappingProxyType[int, Verdict]] = MappingProxyType(
    dict.fromkeys((401, 403, 404, 407, 408, 409, 425, 429), Verdict.RETRY)
)
"""Statuses below 500 that are tried again: an expired token or a service that is being deployed
must not turn thousands of events into dead letters. 410 and every other 3xx and 4xx is final."""

_LARGEST_EXPONENT: Final = 40


@record
class Decision:
    """What becomes of a delivery after an attempt."""

    state: DeliveryState
    reason: Reason
    next_at: float
    detail: str = ""


def verdict(answer: Answer) -> Verdict:
    """What an answer means, whatever the delivery's history."""
    status = answer.status
    if status is None or status < 200:  # 1xx is no answer yet (RFC 9110, 15.2)
        return Verdict.RETRY
    if 200 <= status < 300:
        return Verdict.DELIVERED
    if status >= 500:
        return Verdict.RETRY
    return STATUSES.get(status, Verdict.DEAD)


def error_class(answer: Answer) -> ErrorClass | None:
    """The error class an attempt is recorded with; None for a delivered one."""
    if answer.error is not None:
        return answer.error
    if answer.status is not None and 300 <= answer.status < 400:
        return ErrorClass.REDIRECT
    return None if verdict(answer) is Verdict.DELIVERED else ErrorClass.STATUS


def decide(
    answer: Answer, delivery: Delivery, policy: RetryPolicy, now: float, random: float
) -> Decision:
    """What becomes of a delivery.

    now: unix seconds. random: uniform in [0, 1), for the jitter.
    """
    meant = verdict(answer)
    if meant is Verdict.DELIVERED:
        return Decision(DeliveryState.DELIVERED, Reason.DONE, now)
    if meant is Verdict.DEAD:
        gone = answer.status == 410
        reason = Reason.GONE if gone else Reason.STATUS
        return Decision(DeliveryState.DEAD, reason, now, f"answered {answer.status}")
    tried = delivery.window_attempts + 1
    if policy.attempts is not None and tried >= policy.attempts:
        return Decision(DeliveryState.DEAD, Reason.ATTEMPTS, now, f"{tried} attempts")
    wait = delay(tried, policy, answer.retry_after, now, random)
    # However long it waited (for an open breaker, a rate, a full disk), trying begins with the first.
    began = delivery.window_started_at if delivery.window_attempts else now
    end = began + policy.window
    if now + wait > end:
        return Decision(DeliveryState.DEAD, Reason.WINDOW, now, "the retry window is over")
    return Decision(DeliveryState.PENDING, Reason.RETRY, now + wait)


def delay(
    tried: int, policy: RetryPolicy, retry_after: str | None, now: float, random: float
) -> float:
    """Seconds until the next attempt, after `tried` of this window."""
    ceiling = min(policy.cap, policy.base * 2.0 ** min(tried - 1, _LARGEST_EXPONENT))
    asked = min(policy.cap, read_retry_after(retry_after, now))
    return max(asked, ceiling * random)


def read_retry_after(text: str | None, now: float) -> float:
    """Seconds a `Retry-After` asks for (RFC 9110, 10.2.3); 0 where it cannot be read."""
    if not text:
        return 0.0
    text = text.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:12])
    try:
        when = parsedate_to_datetime(text)
        return max(0.0, when.replace(tzinfo=when.tzinfo or UTC).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return 0.0
