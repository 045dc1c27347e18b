"""The store as ingest sees it: closed while the disk has less than `min_free`."""

from collections.abc import Sequence

from gateway.errors import StoreUnavailable
from gateway.model.records import Admission, Admitted
from gateway.store.protocol import Store
from gateway.upkeep.disk import DiskGuard


class GuardedStore:
    """`accept`, behind the disk guard: what is left of the disk is for results and pruning."""

    def __init__(self, store: Store, guard: DiskGuard) -> None:
        self._store = store
        self._guard = guard

    async def accept(self, admission: Admission) -> Sequence[Admitted]:
        """See `Store.accept`. Raises `StoreUnavailable` while there is no room."""
        if not self._guard.room:
            raise StoreUnavailable(f"only {self._guard.free} bytes of disk are free")
        return await self._store.accept(admission)
