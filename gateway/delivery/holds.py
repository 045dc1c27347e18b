"""Holds that come and go with the configuration: what is gone holds its deliveries, what is back
frees them. A person's pauses are `actions`; holds of expressions end by a person alone.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from gateway.model.records import Selection
from gateway.model.states import DeliveryState, Reason, Verb
from gateway.plan.credentials import OAuth2
from gateway.plan.plan import Plan
from gateway.store.protocol import Store


class Holds:
    """Follows the plan in force."""

    def __init__(
        self, store: Store, plan: Callable[[], Plan], failing: Callable[[OAuth2], bool]
    ) -> None:
        """failing: whether no token can be had there now."""
        self._store = store
        self._plan = plan
        self._failing = failing

    async def settle(self, targets: Iterable[str], routes: Iterable[str]) -> None:
        """Holds or frees the deliveries of these targets and routes, as the plan has them or not."""
        plan = self._plan()
        for name in targets:
            if name in plan.targets:
                await self.known_again(name)  # held again where that is too early
            where, what = Selection(target=name), f"target {name!r}"
            await self._follow(where, what, Reason.TARGET_GONE, there=name in plan.targets)
        for name in routes:
            where, what = Selection(route=name), f"route {name!r}"
            await self._follow(where, what, Reason.ROUTE_GONE, there=name in plan.routes)

    async def _follow(self, where: Selection, what: str, gone: Reason, *, there: bool) -> None:
        if there:
            held = replace(where, state=DeliveryState.HELD, reason=gone)
            await self._store.move(held, Verb.RELEASE, Reason.RETRY)
        else:
            pending = replace(where, state=DeliveryState.PENDING)
            why = f"routes.yaml has no {what} any more"
            await self._store.move(pending, Verb.HOLD, gone, why)

    async def known_again(self, target: str) -> None:
        """Frees what was held because the target could not be told who we are."""
        held = Selection(target=target, state=DeliveryState.HELD, reason=Reason.AUTH)
        await self._store.move(held, Verb.RELEASE, Reason.RETRY)

    async def look_again(self, held: Collection[tuple[str, Reason]]) -> None:
        """Frees what was held for a cause that went away before the hold was recorded.

        held: targets of deliveries that are held since just now, each with the reason.
        """
        reasons = {reason for _, reason in held}
        plan = self._plan()
        if Reason.PAUSED in reasons:
            await self._store.release_paused()
        for name in sorted({name for name, reason in held if reason is Reason.AUTH}):
            target = plan.targets.get(name)
            # While no token can be had each event comes here: nothing is asked of the store then.
            if target and (target.oauth2 is None or not self._failing(target.oauth2)):
                await self.known_again(name)
        if Reason.TARGET_GONE in reasons:
            gone = {name for name, reason in held if reason is Reason.TARGET_GONE}
            await self.settle(gone & set(plan.targets), ())
        if Reason.ROUTE_GONE in reasons:
            await self.settle((), plan.routes)
