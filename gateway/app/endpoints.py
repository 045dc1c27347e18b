"""All that keeps a target's endpoints as they should be, joined: gates, names, checks, a person."""

import asyncio
import random
from collections.abc import Callable

from gateway.delivery.by_hand import ByHand
from gateway.delivery.checks import Checks
from gateway.delivery.gates import Gates
from gateway.delivery.names import Names
from gateway.net.egress import Egress
from gateway.net.names import addresses
from gateway.observe.metrics import Metrics
from gateway.plan.plan import Plan
from gateway.store.protocol import Store


class Endpoints:
    """Of a running gateway."""

    def __init__(
        self,
        store: Store,
        plan: Callable[[], Plan],
        egress: Egress,
        metrics: Metrics,
        clock: Callable[[], float],
    ) -> None:
        """clock: unix seconds."""
        self.gates = Gates(plan, clock, random.random)
        self.by_hand = ByHand(store, self.gates, plan, clock)
        self.load = self.by_hand.load
        self._names = Names(plan, addresses, self.gates)
        self._checks = Checks(self.gates, egress.send, clock)
        metrics.open_breakers = self.gates.open_breakers

    async def watch(self) -> None:
        """Keeps addresses and checks fresh, until canceled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._names.watch())
            group.create_task(self._checks.watch())
