"""The table of answers in docs/delivery.md, compared with what the gateway decides."""

import re

from gateway.delivery.retry import decide
from gateway.model.states import DeliveryState, Reason
from gateway.net.sending import Answer
from gateway.plan.plan import RetryPolicy
from tests.delivery.setting import work
from tests.docs.pages import DOCS

PAGE = (DOCS / "delivery.md").read_text("utf-8")
MEANS = {
    "it is delivered": (DeliveryState.DELIVERED, Reason.DONE),
    "it is tried again": (DeliveryState.PENDING, Reason.RETRY),
    "it is dead at once, with the reason `gone`": (DeliveryState.DEAD, Reason.GONE),
    "it is dead at once, with the reason `status`": (DeliveryState.DEAD, Reason.STATUS),
}


def test_the_table_of_answers_says_what_the_gateway_decides() -> None:
    rows = re.findall(r"^\| (.+?) \| (it is [^;|]+?)(?:;[^|]*)? \|$", PAGE, re.M)
    said: dict[int | None, str] = {}
    for answers, then in rows:
        for first, last in re.findall(r"\b(\d{3})(?:–(\d{3}))?", answers):
            said |= dict.fromkeys(range(int(first), int(last or first) + 1), then)
        if answers.startswith("nothing:"):
            said[None] = then
    (rest,) = (then for answers, then in rows if answers.startswith("anything else:"))
    for status in (None, *range(200, 600)):
        answer = Answer(status, None, "", b"", 0.0)
        decided = decide(answer, work().delivery, RetryPolicy(), 0.0, 0.5)
        assert (decided.state, decided.reason) == MEANS[said.get(status, rest)], status
