"""What the admin application needs of the rest, as `app` plugs it in."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from gateway.model.endpoints import TargetStatus
from gateway.model.ids import EventId, Seq
from gateway.model.records import Moved, Refused, Selection
from gateway.plan.plan import Plan
from gateway.store.protocol import Store


class Actions(Protocol):
    """What a person asks (see `delivery.actions`)."""

    async def retry(self, selection: Selection, who: str) -> Moved: ...

    async def cancel(self, selection: Selection, who: str) -> Moved: ...

    async def replay(self, event: EventId, who: str, target: str | None = None) -> Moved: ...

    async def pause(self, kind: str, name: str, who: str) -> Moved: ...

    async def resume(self, kind: str, name: str, who: str) -> Moved: ...


class Breakers(Protocol):
    """What a person says of breakers (see `delivery.by_hand`)."""

    async def set(
        self, verb: Literal["open", "close"], target: str, endpoint: str | None, who: str
    ) -> Sequence[str]: ...


class RefusedPages(Protocol):
    """The refused log's reading side."""

    async def __call__(
        self,
        before: Seq | None = ...,
        limit: int = ...,
        *,
        source: str | None = ...,
        outcome: str | None = ...,
    ) -> Sequence[Refused]: ...


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What a reload did."""

    generation: int
    changes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Deps:
    """Everything, by name."""

    plan: Callable[[], Plan]
    store: Store
    actions: Actions
    breakers: Breakers
    endpoints: Callable[[], Mapping[str, TargetStatus]]
    """How the endpoints of each target are; nothing where no gateway runs."""
    refused: RefusedPages
    metrics: Callable[[], bytes]
    reload: Callable[[], Awaitable[Reloaded]]
    ready: Callable[[], Mapping[str, bool]]
    """Each condition of readiness; all must hold."""
    clock: Callable[[], float]
    refusal: Callable[[], str] = str
    """Why new events are refused for the store's sake; empty: they are not."""
    who: str = "dashboard"
    """How the audit log names those who come by this door."""
