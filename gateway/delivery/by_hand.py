"""What a person says of breakers: open, close. Audited, and kept over restarts."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, Protocol
from urllib.parse import urlsplit

import orjson

from gateway.delivery.actions import NotThere
from gateway.delivery.gates import Gates
from gateway.model.records import AuditEntry
from gateway.plan.plan import Plan
from gateway.store.protocol import Store

KEY: Final = "breakers_open_by_hand"
"""The store's name for them: a JSON object of target → URLs."""

Verb = Literal["open", "close"]


class Reads(Protocol):
    """What is asked of a store."""

    async def get(self, key: str) -> bytes | None: ...


async def kept(store: Reads) -> Mapping[str, frozenset[str]]:
    """By target: the URLs that a person took out, as the store has them."""
    found = await store.get(KEY)
    return {name: frozenset(urls) for name, urls in (orjson.loads(found) if found else {}).items()}


class ByHand:
    """The breakers a person opens and closes."""

    def __init__(
        self, store: Store, gates: Gates, plan: Callable[[], Plan], clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._gates = gates
        self._plan = plan
        self._clock = clock
        self._one = asyncio.Lock()

    async def load(self) -> None:
        """Opens what was open when the process ended."""
        for name, urls in (await kept(self._store)).items():
            self._gates.open(name, urls)

    async def set(self, verb: Verb, target: str, endpoint: str | None, who: str) -> Sequence[str]:
        """Opens or closes the breaker of one endpoint, or of all of a target; returns their URLs.

        endpoint: its URL, or host and port. Raises `NotThere`.
        """
        urls = self._urls(target, endpoint)
        async with self._one:
            await self._keep(verb, target, frozenset(urls))
            act = self._gates.open if verb == "open" else self._gates.close
            act(target, frozenset(urls))
        what = f"target {target}"
        entry = AuditEntry(self._clock(), who, f"breaker {verb}", what, ", ".join(urls))
        await self._store.audit(entry)
        return urls

    async def _keep(self, verb: Verb, target: str, urls: frozenset[str]) -> None:
        by_hand = dict(self._gates.by_hand)
        before = by_hand.get(target, frozenset())
        by_hand[target] = before | urls if verb == "open" else before - urls
        some = {name: sorted(urls) for name, urls in by_hand.items() if urls}
        await self._store.put(KEY, orjson.dumps(some) if some else None)

    def _urls(self, name: str, endpoint: str | None) -> list[str]:
        target = self._plan().targets.get(name)
        if target is None:
            raise NotThere(f"routes.yaml has no target {name!r}")
        urls = [one.url for one in target.endpoints]
        if endpoint is None:
            return urls
        found = [url for url in urls if endpoint in {url, urlsplit(url).netloc}]
        if not found:
            raise NotThere(f"target {name!r} has no endpoint {endpoint!r}: {', '.join(urls)}")
        return found
