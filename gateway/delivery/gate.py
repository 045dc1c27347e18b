"""Whether a target may be tried now, and else when to ask again. The dispatcher asks before each
attempt; which delivery is next is `queue`'s.
"""

from collections.abc import Callable
from typing import Final

from gateway.plan.plan import Plan

NEVER: Final = float("inf")
"""Nothing to wait for but a change: an attempt that ends, a new plan."""


class Gate:
    """One target's."""

    def __init__(self, name: str, plan: Callable[[], Plan]) -> None:
        self._name = name
        self._plan = plan

    def opens_at(self, running: int, now: float) -> float:
        """When the next attempt may begin; not after `now`: at once. running: attempts now."""
        target = self._plan().targets.get(self._name)
        # A target that is gone is not called: its attempts end as holds.
        slots = target.concurrency if target is not None else 1
        return now if running < slots else NEVER

    def begun(self, now: float) -> None:
        """An attempt was begun: asked once for each, before it runs."""


class Gates:
    """Every target's, by name."""

    def __init__(self, plan: Callable[[], Plan]) -> None:
        self._plan = plan
        self._gates: dict[str, Gate] = {}

    def of(self, target: str) -> Gate:
        """The target's own."""
        gate = self._gates.get(target)
        if gate is None:
            gate = self._gates[target] = Gate(target, self._plan)
        return gate
