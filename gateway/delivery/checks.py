"""Makes the active checks of targets with `health:`. What they mean is `health`'s to say."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

from gateway.delivery.gates import Gates
from gateway.delivery.health import after
from gateway.delivery.spots import Spot
from gateway.net.egress import Call
from gateway.net.sending import Answer
from gateway.plan.plan import HealthCheck, Target

LOOK: Final = 1.0
"""Seconds from look to look which checks are due."""
_HEADERS: Final = "User-Agent: webhook-gateway\r\n"


class Checks:
    """One check of an endpoint at a time, each on its own."""

    def __init__(
        self,
        gates: Gates,
        send: Callable[[Call], Awaitable[Answer]],
        clock: Callable[[], float],
    ) -> None:
        """send: never raises but for cancellation. clock: unix seconds."""
        self._gates = gates
        self._send = send
        self._clock = clock
        self._next: dict[tuple[str, str], tuple[HealthCheck, float]] = {}
        """By target and endpoint; those that run are at infinity."""

    async def watch(self) -> None:
        """Checks what is due, until canceled."""
        async with asyncio.TaskGroup() as running:
            while True:
                now = self._clock()
                for name, target, check, spot in self._due(now):
                    running.create_task(self._check(name, target, check, spot, now + check.every))
                await asyncio.sleep(LOOK)

    def _due(self, now: float) -> list[tuple[str, Target, HealthCheck, Spot]]:
        found, known = [], {}
        for name, gate in self._gates.every():
            target = gate.target
            if target is None or target.health is None:
                continue
            check = target.health
            for place in gate.places:
                key = (name, place.spot.label)
                planned, at = self._next.get(key, (check, now))
                if planned != check:
                    at = now  # what the file says now is asked at once
                if at <= now + LOOK / 2:
                    at = float("inf")
                    found.append((name, target, check, place.spot))
                known[key] = (check, at)
        self._next = known
        return found

    async def _check(
        self, name: str, target: Target, check: HealthCheck, spot: Spot, again: float
    ) -> None:
        answer = await self._send(_call(target, check, spot))
        key = (name, spot.label)
        planned, _ = self._next.get(key, (None, 0.0))
        if planned != check:
            return  # it was asked what nobody wants to know any more
        well = answer.status is not None and 200 <= answer.status < 300
        said = "" if well else f"{check.path}: {answer.message or f'answered {answer.status}'}"
        self._gates.checked(name, spot, after(spot.checked, said, self._clock()))
        self._next[key] = (check, again)


def _call(target: Target, check: HealthCheck, spot: Spot) -> Call:
    parts = urlsplit(spot.url)
    seconds = min(target.timeout, check.every)
    return Call(
        f"{parts.scheme}://{parts.netloc}{check.path}",
        _HEADERS,
        b"",
        seconds,
        min(target.connect_timeout, seconds),
        address=spot.address,
        answer_most=target.answer,
        method="GET",
        tls=target.tls.context if target.tls is not None else None,
    )
