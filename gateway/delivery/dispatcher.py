"""Brings due deliveries to attempts: per target its own queue and its own slots.

A slow or dead target holds only its own slots. Fresh deliveries come from memory, already leased
by the commit that accepted them; older ones are leased first and read from the store. Which is
next is `queue`'s to say, whether now is `gate`'s.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from gateway.delivery.alarm import Alarm
from gateway.delivery.attempt import Attempts
from gateway.delivery.holds import Holds
from gateway.delivery.intake import Intake
from gateway.delivery.loading import AGAIN
from gateway.delivery.memory import AttemptMemory
from gateway.delivery.queue import TargetQueue
from gateway.delivery.recorder import Recorder
from gateway.delivery.results import Results
from gateway.delivery.slots import Slots
from gateway.delivery.tasks import Tasks
from gateway.errors import StoreUnavailable
from gateway.model.records import Admission, Admitted, Due, Result, Work
from gateway.model.states import DeliveryState, Reason
from gateway.plan.credentials import OAuth2
from gateway.plan.plan import Plan
from gateway.store.protocol import Store


class Dispatcher:
    """Starts with `start`, ends with `drain`. Everything runs on one event loop."""

    def __init__(
        self,
        store: Store,
        attempts: Attempts,
        plan: Callable[[], Plan],
        clock: Callable[[], float],
        report: Callable[[BaseException], None],
        *,
        writable: Callable[[], bool] = lambda: True,
    ) -> None:
        """clock: unix seconds. report: hears of an exception nobody expected. writable: whether
        the store takes results, as far as is known; a commit tells when it does again."""
        self._writable = writable
        self._stalled = False
        self._running = False
        self._report = report
        self._store = store
        self._holds = Holds(store, plan, attempts.tokens.failing)
        self._gates = attempts.gates
        self._gates.changed = self._changed
        self._tokens = attempts.tokens
        self._tokens.recovered = self._recovered
        self._plan = plan
        self._clock = clock
        self._queues: dict[str, TargetQueue] = {}
        self._intake = Intake(self._queue)
        self._alarm = Alarm(clock, self.pump_all)
        self._tasks = Tasks(report)
        self._results = Results(clock)
        self._memory = AttemptMemory(self._targets)
        self._slots = Slots(
            store, attempts, self._memory, self._results, self._tasks, report,
            pump=self.pump, running=lambda: self._running,
        )  # fmt: skip

    async def start(self) -> None:
        """Looks what waits and begins. Targets that are gone hold what is theirs.

        Raises `StoreUnavailable`; it can be started again then.
        """
        backlog = {waiting.target for waiting in await self._store.backlog()}
        await self._holds.settle(backlog | set(self._plan().targets), self._plan().routes)
        self._results.recorder = Recorder(self._store, self._recorded, self.pump_all, self._report)
        self._running = True
        for name in self._plan().targets:
            self.pump(self._queue(name))

    # ---- what ingest asks (see ingest.ports.Dispatch)

    def reserve(self, target: str) -> bool:
        """Whether one fresh delivery of this target fits into memory now, and may go soon."""
        if not self._running or not self._healthy or self._gates.of(target).shut:
            return False
        return target in self._plan().targets and self._intake.reserve(target)

    def accepted(self, admission: Admission, admitted: Sequence[Admitted]) -> None:
        """Takes the leased deliveries of a durable admission."""
        for queue in self._intake.accepted(admission, admitted):
            self.pump(queue)

    def failed(self, admission: Admission) -> None:
        """Gives back what was reserved for an admission."""
        self._intake.failed(admission)

    def committed(self) -> None:
        """Hears of every commit: what waited for a store that takes results goes on."""
        if self._stalled and self._healthy:
            self._stalled = False
            self.pump_all()

    def due(self, due: Sequence[Due]) -> None:
        """Hears of deliveries that a commit made pending."""
        for one in due:
            self._queue(one.target).add(one)
        for name in {one.target for one in due}:
            self.pump(self._queues[name])

    # ---- reload and end

    async def apply(self, old: Plan) -> None:
        """Follows a new plan: what is gone holds its deliveries, what is back frees them."""
        new = self._plan()
        self._tokens.ask_again()
        await self._holds.settle({*old.targets, *new.targets}, {*old.routes, *new.routes})
        self.pump_all()

    async def drain(self, deadline: float) -> None:
        """Begins nothing new, waits for what runs, puts back what was not begun. Seconds."""
        self._running = False
        self._alarm.stop()
        for queue in self._queues.values():
            for work in queue.drained():
                self._results.put_back(work)
        await self._tasks.end(deadline)
        if self._results.recorder is not None:
            await self._results.recorder.close(deadline=5.0)

    # ---- the work

    @property
    def _healthy(self) -> bool:
        return self._results.healthy and self._writable()

    def _recorded(self, results: Sequence[tuple[str, Result]]) -> None:
        """What was held for a cause that is gone by now does not stay so."""
        held = [result for _, result in results if result.state is DeliveryState.HELD]
        if held and self._running:
            self._tasks.begin(self._until_done(partial(self._holds.look_again, held)))

    def _queue(self, target: str) -> TargetQueue:
        queue = self._queues.get(target)
        if queue is None:
            queue = self._queues[target] = TargetQueue(target, self._targets)
        return queue

    def _targets(self) -> int:
        return len(self._plan().targets)

    def pump_all(self) -> None:
        """Looks at every queue."""
        for queue in list(self._queues.values()):
            self.pump(queue)

    def pump(self, queue: TargetQueue) -> None:
        """Fills a target's free slots with what is due."""
        if not self._running:
            return
        gate = self._gates.of(queue.target)
        now = self._clock()
        if gate.shut:
            self._empty(queue)
        old: list[Due] = []
        opens = now
        while self._healthy and (opens := gate.opens_at(queue.running, now)) <= now:
            room = self._memory.room(queue.target) > 0
            taken = queue.take(now) if room else None
            if taken is None:
                break
            queue.running += 1
            gate.begun(now)
            if isinstance(taken, Work):
                self._intake.left(taken)
                self._slots.begin(queue, taken)
            else:
                old.append(taken)
        self._stalled |= not self._healthy
        self._slots.lease(queue, old)
        self._slots.load(queue)
        if (due := queue.next_at()) is not None:
            self._alarm.set(max(due, opens), now)

    def _empty(self, queue: TargetQueue) -> None:
        """No endpoint may be tried: what waits in memory waits in the store instead."""
        for work in queue.drained():
            self._intake.left(work)
            self._results.wait(queue.target, work.delivery.seq, Reason.BREAKER_OPEN, 0.0)

    def _changed(self, target: str) -> None:
        """A target's endpoints are others, or in another state."""
        if (queue := self._queues.get(target)) is not None:
            self.pump(queue)

    def _recovered(self, how: OAuth2) -> None:
        """Tokens can be had again where none could."""
        for name, target in self._plan().targets.items():
            if target.oauth2 == how and self._running:
                self._tasks.begin(self._until_done(partial(self._holds.known_again, name)))

    async def _until_done(self, work: Callable[[], Awaitable[None]]) -> None:
        """What frees held deliveries is not forgotten because the store fails at that moment."""
        while self._running:
            try:
                await work()
            except StoreUnavailable:
                await asyncio.sleep(AGAIN)
            else:
                break
