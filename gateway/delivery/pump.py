"""Gives a target's free slots what is due, and has the next ones leased meanwhile.

Which delivery is next is `queue`'s to say, how many may begin now `gate`'s, how an attempt runs
`slots`'.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from gateway.delivery.alarm import Alarm
from gateway.delivery.gate import Gate
from gateway.delivery.gates import Gates
from gateway.delivery.intake import Intake
from gateway.delivery.memory import AttemptMemory
from gateway.delivery.queue import NOW, TargetQueue
from gateway.delivery.results import Results
from gateway.delivery.slots import Slots
from gateway.model.records import Due, Work
from gateway.model.states import Reason

LATE: Final = 1.0
"""Seconds in which as many are tried as are ready; else they were leased too early."""


class Pump:
    """Of all targets. Everything runs on one event loop."""

    slots: Slots

    def __init__(
        self,
        gates: Gates,
        intake: Intake,
        memory: AttemptMemory,
        results: Results,
        alarm: Alarm,
        clock: Callable[[], float],
        report: Callable[[BaseException], None],
        *,
        running: Callable[[], bool],
        healthy: Callable[[], bool],
    ) -> None:
        """clock: unix seconds. report: hears of an exception nobody expected. running: whether
        attempts may begin. healthy: whether their results could be recorded."""
        self._gates = gates
        self._intake = intake
        self._memory = memory
        self._results = results
        self._alarm = alarm
        self._clock = clock
        self._report = report
        self._running = running
        self._healthy = healthy
        self.stalled = False
        """Something waits until results can be recorded again."""

    def soon(self, queue: TargetQueue) -> None:
        """Looks at a queue once for all that happens to it in this turn of the loop."""
        if not queue.pumped:
            queue.pumped = True
            asyncio.get_running_loop().call_soon(self._pumped, queue)

    def _pumped(self, queue: TargetQueue) -> None:
        queue.pumped = False
        try:
            self.now(queue)
        except Exception as error:  # noqa: BLE001  # nobody waits for this call
            self._report(error)

    def now(self, queue: TargetQueue) -> None:
        """Fills a target's free slots with what is due."""
        if not self._running():
            return
        gate = self._gates.of(queue.target)
        now = self._clock()
        if gate.shut:
            self._empty(queue)
        if self._healthy():
            self._fill(queue, gate, now)
        else:
            self.stalled = True
        if gate.shut:
            self.not_ready(queue, self._after_breaker)
        elif self._slowed(queue, now):
            queue.ahead = 0
            self.not_ready(queue, self._results.put_back)
        self.slots.load(queue)
        due = NOW if queue.ready else queue.next_at()
        if due is not None:
            self._alarm.set(max(due, gate.opens_at(queue.running, now)), now)

    def _slowed(self, queue: TargetQueue, now: float) -> bool:
        """Whether the target got so slow that what is ready would wait for long: it waits in the store
        better, where it can be held or canceled, and where others pass it by."""
        ended, since = queue.seen
        if queue.ready and now - since < LATE:
            self._alarm.set(since + LATE, now)
            return False
        queue.seen = (queue.ended, now)
        if queue.ready:
            self._alarm.set(now + LATE, now)
        return len(queue.ready) > queue.ended - ended

    def _fill(self, queue: TargetQueue, gate: Gate, now: float) -> None:
        room = gate.room(queue.running, now)
        given = len(queue.ready) + queue.coming
        missing = gate.room(queue.running, now, queue.ahead) - given
        if room <= given and 2 * missing < queue.ahead:
            missing = 0  # later: a lease of few costs a commit all the same
        space = self._memory.room(queue.target)
        old: list[Due] = []
        while True:
            while room > 0 and queue.ready:
                room -= 1
                self.slots.begin(queue, self._begun(queue, gate, now))
            if missing <= 0 or space <= 0:
                break
            taken = queue.take(now)
            if taken is None:
                break
            missing -= 1
            if isinstance(taken, Work):
                self._intake.left(taken)
                self._memory.begun(taken)
                space -= len(taken.body)
                queue.ready.append(taken)
            else:
                old.append(taken)
        self.slots.lease(queue, old)

    def following(self, queue: TargetQueue) -> Work | None:
        """What a slot that has become free tries next."""
        self.soon(queue)
        if not (queue.ready and self._running() and self._healthy()):
            return None
        gate, now = self._gates.of(queue.target), self._clock()
        return self._begun(queue, gate, now) if gate.room(queue.running, now) > 0 else None

    def _begun(self, queue: TargetQueue, gate: Gate, now: float) -> Work:
        """The next that is ready has a slot."""
        queue.running += 1
        gate.begun(now)
        return queue.ready.popleft()

    def _empty(self, queue: TargetQueue) -> None:
        """No endpoint may be tried: what waits in memory waits in the store instead."""
        for work in queue.drained():
            self._intake.left(work)
            self._after_breaker(work)

    def not_ready(self, queue: TargetQueue, put_back: Callable[[Work], None]) -> None:
        """What has no slot after all waits in the store again."""
        while queue.ready:
            work = queue.ready.popleft()
            self._memory.ended(work)
            put_back(work)

    def _after_breaker(self, work: Work) -> None:
        one = work.delivery
        self._results.wait(one.target, one.seq, Reason.BREAKER_OPEN, 0.0)
