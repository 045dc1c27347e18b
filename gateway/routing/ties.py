"""What ties a delivery to others of its target, judged once, when its event is accepted: the lane of
`order_by`, the wait of `delay` and `debounce`, the share of `fair_by`. Pure.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

from gateway.errors import ExpressionFailed
from gateway.model.record import record
from gateway.model.records import Keys
from gateway.routing.budget import Budget
from gateway.routing.expressions import Expression
from gateway.routing.match import Route
from gateway.routing.scope import Scope
from gateway.routing.values import text_of

LONGEST: Final = 200
"""Characters of a key that is kept as it is; a longer one is kept as its hash. Senders choose keys,
and an index holds them."""


@record
class Ties:
    """What a route's expressions say of an event."""

    order: str | None = None
    burst: str | None = None
    wait: float = 0.0
    """Seconds until the first attempt."""
    failed: str = ""
    """Why one of them could not be judged; empty: all could."""


LOOSE: Final = Ties()
"""Of a route that asks for nothing of the kind."""


def judge(route: Route, scope: Scope, budget: Budget) -> Ties:
    """What a route's `order_by`, `delay` and `debounce` make of an event. Raises nothing."""
    try:
        order = None if route.order_by is None else key_of(route.order_by, scope, budget)
    except ExpressionFailed as error:
        return Ties(failed=f"order_by: {error}")
    if route.debounce is None:
        return Ties(order=order, wait=route.delay)
    try:
        burst = key_of(route.debounce.by, scope, budget)
    except ExpressionFailed as error:
        return Ties(failed=f"debounce: {error}")
    return Ties(order=order, burst=burst, wait=0.0 if burst is None else route.debounce.wait)


def keys_of(route: Route, ties: Ties, share: str | None, now: float) -> Keys | None:
    """What the store has to know of it; None: nothing. now: when the event came, unix seconds."""
    if ties.order is None and ties.burst is None and share is None:
        return None
    most = route.debounce.most if route.debounce is not None and ties.burst is not None else 0.0
    return Keys(
        order=ties.order,
        stops=ties.order is not None and route.on_dead == "hold",
        fair=share,
        burst=ties.burst,
        burst_until=now + most if most else 0.0,
    )


def share_of(
    shares: Mapping[str, Expression], target: str, scope: Scope, budget: Budget
) -> str | None:
    """Whose share of a target an event takes; None where the target has no shares.

    Those without a key, or whose key cannot be judged, take one share together: fairness is no
    reason to hold anything.
    """
    fair_by = shares.get(target)
    if fair_by is None:
        return None
    try:
        return key_of(fair_by, scope, budget) or ""
    except ExpressionFailed:
        return ""


def key_of(expression: Expression, scope: Scope, budget: Budget) -> str | None:
    """An expression's value as a key; None where it is missing, null or empty.

    Equal texts are one key, and so are a number and its text. Raises ExpressionFailed.
    """
    text = text_of(expression.evaluate(scope, budget), budget)
    if len(text) <= LONGEST and text.isprintable():
        return text or None
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
