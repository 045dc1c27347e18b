"""One target's waiting deliveries. Those with different `fair_by` keys take turns, so that a burst of
one holds up none of the others; what waits with one key is a `Share`. Pure: no I/O.

Memory is bounded by `BACKLOG` numbers of all shares together; the rest is in the store, and it is
always the earliest of each share that are here. Keys that nobody knows of yet are looked up in their
order (`known_to`).
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Final

from gateway.delivery.share import END, START, Place, Share
from gateway.model.ids import Seq
from gateway.model.records import Due, Work

BACKLOG: Final = 20_000
"""Numbers of a target kept in memory, up to twice as many for a while; the rest stays in the store.
It is always the earliest that are here, so that what is due never waits behind what is not."""
BACKLOGS: Final = 100_000
"""The same for all targets together: with many of them each keeps less. About 250 bytes a number."""
SHARES: Final = 4000
"""Keys of a target that take turns; with more than that, the others wait until one has nothing left."""
LEAST: Final = 10
"""Numbers that each share may keep, however many there are."""
NOW: Final = 0.0
"""A time that is always over."""
_NEVER: Final = float("inf")


class TargetQueue:
    """What waits for one target, and how many of its attempts run."""

    def __init__(self, target: str, targets: Callable[[], int] = lambda: 1) -> None:
        """targets: how many there are to share memory with."""
        self.target = target
        self._targets = targets
        self.running = 0
        self.ended = 0
        """Attempts that had an end."""
        self.taken: list[Due] = []
        """Given out, and not leased yet."""
        self.leasing = False
        self.leased = (0, -_NEVER)
        """How many attempts had ended when the last lease began, and when that was (the loop's clock)."""
        self.coming = 0
        """How many were given out and are not ready yet."""
        self.ready: deque[Work] = deque()
        """Given out, leased and read: they have the next slots."""
        self.ahead = 0
        """How many should be given out beside those that have a slot, so that none is idle while others
        are leased."""
        self.seen = (0, 0.0)
        """How many attempts had ended when it was looked at how fast they do, and when that was."""
        self.pumped = False
        """Whether the dispatcher looks at it soon anyway."""
        self.fresh = 0
        """Fresh ones of all shares."""
        self.loading = False
        self.all_known = False
        """Whether every key that something pending has is here."""
        self.known_to: str | None = None
        """Else: up to which key they are; None: not one was looked up."""
        self._missed = False
        """A key was met, and had no room, since they began to be looked up."""
        self._shares: dict[str | None, Share] = {None: Share(None, START)}
        self._hungry: set[str | None] = {None}
        self._turns: deque[Share] = deque()
        self._later: list[tuple[float, int, Share]] = []
        """Shares that have nothing due, by when they will."""
        self._numbers = count()

    def __len__(self) -> int:
        return self.fresh + self.coming + len(self.ready) + sum(map(len, self._shares.values()))

    @property
    def _most(self) -> int:
        mine = min(BACKLOG, BACKLOGS // max(1, self._targets()))
        return max(LEAST, mine // max(1, len(self._shares)))

    # ---- what comes in

    def add(self, due: Due) -> None:
        """Takes a pending delivery, unless it stands behind others that only the store knows."""
        share = self._share(due.key)
        if share is not None and share.add(due, self._most):
            self._sleep(share, due.next_at)

    def add_fresh(self, work: Work) -> None:
        """Takes a leased delivery with all that its attempt needs."""
        key = work.delivery.fair_key
        share = self._share(key)
        if share is None:
            share = self._meet(key)
        share.fresh.append(work)
        self.fresh += 1
        if not share.turning:
            share.turning = True
            self._turns.append(share)

    def forget(self, seq: Seq, key: str | None) -> None:
        """One that is not pending any more."""
        share = self._shares.get(key)
        if share is not None:
            share.forget(seq)
            self._note(share)

    def _share(self, key: str | None) -> Share | None:
        share = self._shares.get(key)
        # The one without a key is in no order in which it could be looked up later.
        if share is None and (key is None or len(self._shares) < SHARES):
            return self._meet(key)
        if share is None:
            self._missed, self.all_known = True, False
        return share

    def _meet(self, key: str | None) -> Share:
        # Where not all keys are known the store may have more of this one.
        share = self._shares[key] = Share(key, END if self.all_known else START)
        self._note(share)
        return share

    # ---- what the store has

    def look_again(self) -> None:
        """The store may have more than it told of: all that waits there is looked up anew."""
        self.all_known, self.known_to = False, None
        self._missed = self.loading  # what is being read may be old when it comes
        for share in self._shares.values():
            share.look_again()
            self._note(share)

    @property
    def wants(self) -> bool:
        """Whether the store may have more, there is room for it and nobody fetches it."""
        return not self.loading and bool(self._hungry or self.wants_keys)

    @property
    def wants_keys(self) -> bool:
        """Whether there may be keys that are not known, and room for them."""
        return not self.all_known and len(self._shares) <= SHARES // 2

    def met(self, keys: Sequence[str], *, more: bool) -> None:
        """The keys that follow `known_to`. more: others follow."""
        for key in keys:
            if key not in self._shares:
                if len(self._shares) >= SHARES:
                    return
                self._meet(key)
            self.known_to = key
        if not more:
            self.known_to = None
            self.all_known, self._missed = not self._missed, False

    def hungry(self, most: int) -> list[tuple[str | None, Place]]:
        """Some shares that the store may have more of, each with the place after which. They are
        loading until `loaded` is called for each."""
        found = []
        for key in list(self._hungry)[:most]:
            share = self._shares[key]
            share.loading = True
            self._note(share)
            found.append((key, share.complete_to))
        return found

    def loaded(self, key: str | None, to: Place) -> None:
        """Loading a share has ended: all that the store had up to this place was added."""
        share = self._shares[key]
        share.loaded(to, self._most)
        self._note(share)
        self._end(share)

    def _note(self, share: Share) -> None:
        if share.hungers(self._most):
            self._hungry.add(share.key)
        else:
            self._hungry.discard(share.key)

    # ---- whose turn it is

    def next_at(self) -> float | None:
        """When the earliest is due; `NOW` if any is due already."""
        if self._turns:
            return NOW
        while self._later and self._later[0][0] != self._later[0][2].wakes_at:
            heapq.heappop(self._later)
        return self._later[0][0] if self._later else None

    def take(self, now: float) -> Work | Due | None:
        """The next one to be tried: a fresh one with all it needs, or an old one."""
        self._wake(now)
        while self._turns:
            share = self._turns.popleft()
            taken = share.take(now)
            if share.has(now):
                self._turns.append(share)
            else:
                share.turning = False
                self._rest(share)
            if taken is None:
                continue
            if isinstance(taken, Work):
                self.fresh -= 1
                return taken
            self._note(share)
            return Due(taken, self.target, now, share.key)
        return None

    def drained(self) -> Iterator[Work]:
        """Takes all fresh ones out."""
        for share in self._shares.values():
            while share.fresh:
                self.fresh -= 1
                yield share.fresh.popleft()

    def _wake(self, now: float) -> None:
        while self._later and self._later[0][0] <= now:
            at, _, share = heapq.heappop(self._later)
            if at != share.wakes_at:
                continue
            share.wakes_at = _NEVER
            if share.turning:
                continue
            if share.has(now):
                share.turning = True
                self._turns.append(share)
            else:
                self._rest(share)

    def _rest(self, share: Share) -> None:
        at = share.next_at()
        if at is not None:
            self._sleep(share, at)
        else:
            self._end(share)

    def _sleep(self, share: Share, at: float) -> None:
        if not share.turning and at < share.wakes_at:
            share.wakes_at = at
            heapq.heappush(self._later, (at, next(self._numbers), share))

    def _end(self, share: Share) -> None:
        # The one without a key is there again in a moment, where a target has no shares.
        if share.key is not None and share.is_over and not share.turning:
            share.wakes_at = _NEVER
            self._hungry.discard(share.key)
            self._shares.pop(share.key, None)
