"""Keeps the addresses of names fresh for targets with `resolve: all`, off the way of deliveries."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from urllib.parse import urlsplit

from gateway.delivery.gates import Gates
from gateway.plan.plan import Plan

EVERY: Final = 10.0
"""Seconds from look to look."""
SOON: Final = 1.0
"""Seconds until a name that is new in the file is looked up."""
AT_MOST: Final = 5.0
"""Seconds for one name."""

Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""The addresses of a name. Raises `OSError`."""


class Names:
    """Asks the resolver, and tells the gates."""

    def __init__(self, plan: Callable[[], Plan], resolve: Resolve, gates: Gates) -> None:
        self._plan = plan
        self._resolve = resolve
        self._gates = gates
        self._known: dict[str, tuple[str, ...]] = {}
        self._asked: frozenset[str] = frozenset()

    async def watch(self) -> None:
        """Looks again and again, until canceled."""
        while True:
            await self.look()
            waited = 0.0
            while waited < EVERY and self._wanted() <= self._asked:
                await asyncio.sleep(SOON)
                waited += SOON

    def _wanted(self) -> frozenset[str]:
        return frozenset(
            urlsplit(endpoint.url).hostname or ""
            for target in self._plan().targets.values()
            if target.resolve_all
            for endpoint in target.endpoints
        )

    async def look(self) -> None:
        """Looks once. A name that does not resolve keeps the addresses it had."""
        self._asked = self._wanted()
        names = sorted(self._asked)
        found = await asyncio.gather(*(self._look_up(name) for name in names))
        known = {
            name: addresses or self._known.get(name, ())
            for name, addresses in zip(names, found, strict=True)
        }
        self._known = {name: addresses for name, addresses in known.items() if addresses}
        self._gates.resolved(self._known)

    async def _look_up(self, name: str) -> tuple[str, ...]:
        try:
            async with asyncio.timeout(AT_MOST):
                return tuple(await self._resolve(name))
        except (OSError, UnicodeError):  # a label of more than 63 characters is a UnicodeError
            return ()
