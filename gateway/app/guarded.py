"""The store as ingest sees it: closed while the disk has less than `min_free`, or takes nothing."""

from collections.abc import Callable, Sequence

from gateway.errors import StoreUnavailable
from gateway.model.records import Admission, Admitted
from gateway.store.protocol import Store


class GuardedStore:
    """`accept`, behind the disk guard: what is left of the disk is for results and pruning."""

    def __init__(self, store: Store, closed: Callable[[], str], failed: Callable[[], None]) -> None:
        """closed: why nothing is accepted; empty: it is. failed: called when a commit failed."""
        self._store = store
        self._closed = closed
        self._failed = failed

    async def accept(self, admission: Admission) -> Sequence[Admitted]:
        """See `Store.accept`. Raises `StoreUnavailable` while there is no room."""
        if why := self._closed():
            raise StoreUnavailable(why)
        try:
            return await self._store.accept(admission)
        except StoreUnavailable:
            self._failed()
            raise
