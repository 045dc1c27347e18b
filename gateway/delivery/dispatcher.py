"""Brings due deliveries to attempts: per target its own queue and its own slots.

A slow or dead target holds only its own slots. Fresh deliveries come from memory, already leased
by the commit that accepted them; older ones are leased first and read from the store. Which is
next is `queue`'s to say, whether now is `gate`'s; `pump` brings them together.
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
from gateway.delivery.pump import Pump
from gateway.delivery.queue import TargetQueue
from gateway.delivery.recorder import Recorder
from gateway.delivery.results import Results
from gateway.delivery.slots import Slots
from gateway.delivery.tasks import Tasks
from gateway.errors import StoreUnavailable
from gateway.model.records import Admission, Admitted, Due, Result
from gateway.model.states import DeliveryState
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
        memory = AttemptMemory(self._targets)
        self._pump = Pump(
            self._gates, self._intake, memory, self._results, self._alarm, clock, report,
            running=self._is_running, healthy=self._is_healthy,
        )  # fmt: skip
        self._pump.slots = Slots(
            store, attempts, memory, self._results, self._tasks, report,
            following=self._pump.following, pump=self._pump.now, running=self._is_running,
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
            self._pump.now(self._queue(name))

    # ---- what ingest asks (see ingest.ports.Dispatch)

    def reserve(self, target: str) -> bool:
        """Whether one fresh delivery of this target fits into memory now, and may go soon."""
        if not (self._running and self._is_healthy()):
            return False
        gate = self._gates.of(target)
        return gate.target is not None and not gate.shut and self._intake.reserve(target)

    def accepted(self, admission: Admission, admitted: Sequence[Admitted]) -> None:
        """Takes the leased deliveries of a durable admission."""
        for queue in self._intake.accepted(admission, admitted):
            self._pump.soon(queue)

    def failed(self, admission: Admission) -> None:
        """Gives back what was reserved for an admission."""
        self._intake.failed(admission)

    def committed(self) -> None:
        """Hears of every commit: what waited for a store that takes results goes on."""
        if self._pump.stalled and self._is_healthy():
            self._pump.stalled = False
            self.pump_all()

    def due(self, due: Sequence[Due]) -> None:
        """Hears of deliveries that a commit made pending."""
        for one in due:
            self._queue(one.target).add(one)
        for name in {one.target for one in due}:
            self._pump.now(self._queues[name])

    def look_again(self) -> None:
        """More may be due in the store than it told of."""
        for queue in self._queues.values():
            queue.look_again()
        self.pump_all()

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
            self._pump.not_ready(queue, self._results.put_back)
        await self._tasks.end(deadline)
        if self._results.recorder is not None:
            await self._results.recorder.close(deadline=5.0)

    # ---- the work

    def _is_running(self) -> bool:
        return self._running

    def _is_healthy(self) -> bool:
        return self._results.healthy and self._writable()

    def _recorded(self, results: Sequence[tuple[str, Result]]) -> None:
        """What was held for a cause that is gone by now does not stay so."""
        held = {(to, one.reason) for to, one in results if one.state is DeliveryState.HELD}
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
            self._pump.now(queue)

    def _changed(self, target: str) -> None:
        """A target's endpoints are others, or in another state."""
        if (queue := self._queues.get(target)) is not None:
            self._pump.now(queue)

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
