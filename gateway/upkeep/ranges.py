"""Keeps the providers' published addresses fresh: fetched now and then, off every request's path,
and kept in the store, so that the last good list outlives a restart. No judgement: `published`.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from gateway.errors import GatewayError
from gateway.providers.declaration import Ranges
from gateway.upkeep import published
from gateway.upkeep.published import Known
from gateway.verify.addresses import Network

FRESH: Final = 12 * 3600.0
"""Seconds for which a list is not asked for again."""
EVERY: Final = 600.0
"""Seconds between looks: how soon a list that could not be had is asked for again."""
_AT_MOST: Final = 4 * 1024 * 1024
"""Bytes of a document; GitHub's, with all its other services, has some hundred thousand."""
_SECONDS: Final = 30.0


class Fetch(Protocol):
    """`net.egress.Egress.fetch`."""

    async def __call__(self, url: str, *, at_most: int, seconds: float) -> bytes:
        """The document. Raises `GatewayError`."""
        ...


class Keep(Protocol):
    """What is asked of the store."""

    async def get(self, key: str) -> bytes | None:
        """See `store.protocol.Store`."""
        ...

    async def put(self, key: str, value: bytes | None) -> None:
        """See `store.protocol.Store`."""
        ...


class RangesFeed:
    """The freshest lists of the providers that the plan takes addresses of."""

    def __init__(
        self,
        fetch: Fetch,
        keep: Keep,
        wanted: Callable[[], Mapping[str, Ranges]],
        changed: Callable[[], None],
        failed: Callable[[str, str], None],
        clock: Callable[[], float],
    ) -> None:
        """changed: `networks` has news. failed: told provider and reason where a list was not
        taken. clock: unix seconds.
        """
        self._fetch = fetch
        self._keep = keep
        self._wanted = wanted
        self._changed = changed
        self._failed = failed
        self._clock = clock
        self._known: dict[str, Known] = {}
        self._soon = asyncio.Event()

    @property
    def networks(self) -> dict[str, Sequence[Network]]:
        """By provider; one that is not in it has only its shipped list."""
        return {name: known.networks for name, known in self._known.items()}

    async def load(self, wanted: Mapping[str, Ranges]) -> None:
        """Takes the last good lists from the store, and looks soon for fresher ones."""
        for name in wanted:
            if name not in self._known:
                known = published.load(await self._keep.get(_key(name)), self._clock())
                if known is not None:
                    self._known[name] = known
        self._soon.set()

    async def refresh(self) -> None:
        """Asks for each list that is not fresh. A failure leaves what is known as it is."""
        for name, ranges in self._wanted().items():
            known, now = self._known.get(name), self._clock()
            if not ranges.url or (known is not None and now - known.fetched_at < FRESH):
                continue
            try:
                document = await self._fetch(ranges.url, at_most=_AT_MOST, seconds=_SECONDS)
                fresh = published.read(document, ranges.pointers)
                merged = published.merge(known, ranges.shipped, fresh, now)
                await self._keep.put(_key(name), published.dump(merged))
            except (GatewayError, ValueError) as error:
                self._failed(name, str(error))
                continue
            self._known[name] = merged
            self._changed()
            missing = len(merged.networks) - len(fresh)
            if missing:
                days = published.GRACE / 86400
                self._failed(
                    name, f"{missing} networks are published no more, let in for {days:g} days"
                )

    async def watch(self) -> None:
        """Refreshes until canceled."""
        while True:
            self._soon.clear()
            await self.refresh()
            try:
                async with asyncio.timeout(EVERY):
                    await self._soon.wait()
            except TimeoutError:
                continue


def _key(provider: str) -> str:
    return f"ranges/{provider}"
