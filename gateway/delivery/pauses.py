"""What is paused, in memory: asked for every event and every lease. The store keeps it durable."""

from collections.abc import Iterable

from gateway.store.protocol import Pause


class Pauses:
    """The paused sources, routes and targets."""

    def __init__(self, pauses: Iterable[Pause] = ()) -> None:
        self._names: set[tuple[str, str]] = set()
        self.load(pauses)

    def load(self, pauses: Iterable[Pause]) -> None:
        """Takes what the store keeps, in place of what was known."""
        self._names = {(pause.kind, pause.name) for pause in pauses}

    def set(self, kind: str, name: str, *, paused: bool) -> None:
        """kind: source, route or target."""
        if paused:
            self._names.add((kind, name))
        else:
            self._names.discard((kind, name))

    def paused(self, kind: str, name: str) -> bool:
        """Whether this very thing is paused."""
        return (kind, name) in self._names

    def why(self, source: str, route: str, target: str) -> str:
        """What holds a delivery, for a person; empty: nothing."""
        if not self._names:
            return ""
        for kind, name in (("source", source), ("route", route), ("target", target)):
            if (kind, name) in self._names:
                return f"{kind} {name} is paused"
        return ""
