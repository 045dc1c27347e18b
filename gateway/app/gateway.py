"""One gateway: every object built once and joined, started and stopped in order."""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from aiohttp import web

from gateway.admin.app import build
from gateway.admin.deps import Deps, Reloaded
from gateway.admin.live import Hub
from gateway.app.backlog import Backlog
from gateway.app.doors import open_admin, open_control, open_public
from gateway.app.drain import Drain
from gateway.app.endpoints import Endpoints
from gateway.app.guarded import GuardedStore
from gateway.app.lines import Lines
from gateway.app.steps import Steps
from gateway.delivery.actions import Actions
from gateway.delivery.attempt import Attempts
from gateway.delivery.dispatcher import Dispatcher
from gateway.delivery.pauses import Pauses
from gateway.delivery.tokens import Tokens
from gateway.errors import ConfigInvalid, StoreUnavailable
from gateway.ingest.judge import Judge
from gateway.model.records import Committed, Refused
from gateway.net.egress import Egress
from gateway.observe.logs import logger
from gateway.observe.metrics import Metrics
from gateway.plan.plan import Plan
from gateway.plan.ranges import wanted, with_ranges
from gateway.plan.report import changes
from gateway.store import refused as refused_log
from gateway.store import sqlite
from gateway.upkeep import trimming
from gateway.upkeep.ballast import Ballast
from gateway.upkeep.disk import DiskGuard
from gateway.upkeep.endless import endless
from gateway.upkeep.ranges import RangesFeed
from gateway.upkeep.retention import Retention


class Gateway:
    """A running gateway. `start` once, `stop` once."""

    DRAIN = 25.0
    """Seconds for what is in flight, senders and deliveries together; the unit's stop time-out is
    30."""

    def __init__(
        self,
        compile_: Callable[[int], Plan],
        *,
        writer: Callable[[str], Sequence[str]] = lambda _: (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        """compile_: the plan of a generation; raises `ConfigInvalid`. writer: of `store.writer` the
        command of the process that writes, see `sqlite.open`; it has a clock of its own."""
        self._compile = compile_
        self._writer = writer
        self._clock = clock
        self._log = logger("gateway")
        self._lines = Lines()
        self._pauses = Pauses()
        self._resumed = False
        """Whether deliveries go on: everything was read that must be known before."""
        self.metrics = Metrics()
        self.hub = Hub()
        self.listeners: list[Callable[[Committed], None]] = []
        self._stack = contextlib.AsyncExitStack()
        self._drain = Drain(self.DRAIN)
        self._reloading = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._started = False
        self._stopping = False
        self.public_port = 0
        self.admin_port = 0

    @property
    def plan(self) -> Plan:
        """The plan in force."""
        return self._plan

    async def start(self) -> None:
        """Opens the store, resumes deliveries, then listens. Raises `GatewayError`."""
        self._plan = self._compile(1)
        plan = self._plan
        async with self._stack:
            await self._build(plan)
            self._stack = self._stack.pop_all()
        for problem in plan.problems:
            self._log.error("source closed", problem=str(problem))
        self._started = True
        self._log.info(
            "listening", public=str(plan.server.listen), admin=str(plan.admin_listen),
            sources=len(plan.sources), targets=len(plan.targets),
        )  # fmt: skip

    async def _build(self, plan: Plan) -> None:
        push = self._stack.push_async_callback
        self.store = store = await sqlite.open(
            plan.store.path, clock=self._clock, process=self._writer(plan.store.writer)
        )
        push(store.close)
        refused = refused_log.RefusedLog(plan.store.path, clock=self._clock)
        push(refused.close)
        egress = Egress()
        push(egress.close)
        self._feed = RangesFeed(
            egress.fetch, store, lambda: wanted(self._plan), self._renew, self._lines.ranges,
            self._clock,
        )  # fmt: skip
        self.guard = DiskGuard(
            store, Ballast(store.database), lambda: self._plan.store.min_free,
            self.metrics.free_bytes.set, self._disk_changed,
        )  # fmt: skip
        self._retention = Retention(
            store, lambda: self._plan.store, self._clock, lambda: bool(self.guard.why)
        )
        await self.guard.look()
        self.endpoints = Endpoints(store, lambda: self._plan, egress, self.metrics, self._clock)
        tokens = Tokens(egress.fetch, lambda: self._plan.oauth2s, self._clock)
        push(tokens.close)
        attempts = Attempts(
            plan=lambda: self._plan, sender=egress, pauses=self._pauses, tokens=tokens,
            gates=self.endpoints.gates,
            clock=self._clock, random=random.random, metrics=self.metrics,
            log=self._lines.attempt if self._lines.tells_requests else None,
        )  # fmt: skip
        self.dispatcher = Dispatcher(
            store, attempts, lambda: self._plan, self._clock, self._lines.mistake,
            writable=lambda: store.writable,
        )  # fmt: skip
        push(self._drain_deliveries)
        self.actions = Actions(store, self._pauses, lambda: self._plan, self._clock)
        store.listen(self._committed)
        judge = Judge(
            plan=lambda: self._plan,
            store=GuardedStore(store, self.refusal, self.guard.soon), pauses=self._pauses,
            dispatch=self.dispatcher, refused=lambda one: self._refused(refused, one),
            metrics=self.metrics, log=self._lines.request if self._lines.tells_requests else None,
            report=self._lines.mistake,
            clock=self._clock,
        )  # fmt: skip
        backlog = Backlog(store, self.metrics, self._clock)
        self._steps = Steps(
            self._ranges,
            self._load_pauses,
            self.endpoints.load,
            backlog.count,
            self.dispatcher.start,
            self._resume,
        )
        await self._catch_up()
        await self._open(plan, judge, refused)
        self._plan_metrics(plan)
        for work in (
            self._retention.watch,
            self.guard.watch,
            self._steps.watch,
            backlog.watch,
            self._feed.watch,
            self.endpoints.watch,
            trimming.watch,
        ):
            self._tasks.append(asyncio.create_task(endless(work, self._lines.mistake)))
        push(self._cancel_tasks)

    async def _catch_up(self) -> None:
        """What is read before anything goes on; later, if only the disk is in the way: the door
        is closed until then, and dashboard and log say why."""
        try:
            await self._steps.work_off()
        except StoreUnavailable:
            if self.store.opened and not (await self.store.health()).disk_refused:
                raise

    async def _ranges(self) -> None:
        await self._feed.load(wanted(self._plan))
        self._renew()

    async def _load_pauses(self) -> None:
        self._pauses.load(await self.store.pauses())

    async def _resume(self) -> None:
        self._resumed = True

    async def _open(self, plan: Plan, judge: Judge, refused: refused_log.RefusedLog) -> None:
        """The doors."""
        deps = Deps(
            plan=lambda: self._plan, store=self.store, actions=self.actions,
            breakers=self.endpoints.by_hand, endpoints=self.endpoints.gates.statuses,
            refused=refused.page, metrics=self.metrics.render, reload=self.reload,
            ready=self.ready, clock=self._clock, refusal=self.refusal,
        )  # fmt: skip
        self.admin_port = await open_admin(build(deps, self.hub), plan.admin_listen, self._stack)
        command = build(replace(deps, who="command"), self.hub, trusted=True)
        await self._control(command, self.store.database.with_name("control.sock"))
        self._stack.callback(self.hub.close)
        self.public_port = await open_public(
            judge, plan.server.listen, self._stack, self._drain.left
        )

    async def _control(self, app: web.Application, path: Path) -> None:
        try:
            await open_control(app, path, self._stack)
        except StoreUnavailable as error:
            self._log.error("commands cannot reach this gateway yet", reason=str(error))
            # Later; by then the stack is another.
            self._steps.add(lambda: open_control(app, path, self._stack))

    async def stop(self) -> None:
        """Stops listening, drains, closes the store."""
        self._stopping = True
        await self._stack.aclose()

    async def _drain_deliveries(self) -> None:
        await self.dispatcher.drain(self._drain.left())

    async def _cancel_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # ---- reload

    async def reload(self) -> Reloaded:
        """Compiles the file and swaps the plan. Raises `ConfigInvalid`; the old plan stays then."""
        async with self._reloading:
            old = self._plan
            try:
                new = self._compile(old.generation + 1)
                if new.problems:
                    raise ConfigInvalid(new.problems, new.warnings)
            except ConfigInvalid as invalid:
                self.metrics.reload_failed.set(1)
                self._log.error("reload refused", problems=str(invalid))
                raise
            said = changes(old, new)
            try:
                await self._feed.load(wanted(new))
            except StoreUnavailable:  # a full disk must not keep the cure in the file out
                self._steps.add(self._ranges)
            # What needs a restart stays as it is, and was named.
            self._plan = replace(
                with_ranges(new, self._feed.networks),
                server=replace(new.server, listen=old.server.listen),
                admin_listen=old.admin_listen,
                store=replace(new.store, path=old.store.path, writer=old.store.writer),
            )
            try:
                await self.dispatcher.apply(old)
            except StoreUnavailable:
                self._steps.add(partial(self.dispatcher.apply, old))
            self._retention.soon()
            self.metrics.reload_failed.set(0)
            self._plan_metrics(self._plan)
            self._log.info("reloaded", generation=new.generation, changes=list(said))
            return Reloaded(new.generation, said)

    def _renew(self) -> None:
        self._plan = with_ranges(self._plan, self._feed.networks)

    def ready(self) -> Mapping[str, bool]:
        """Each condition of readiness."""
        return {
            "started": self._started and self._resumed,
            "not_stopping": not self._stopping,
            "store": not self.guard.problem,
            "disk": not self.guard.why,
        }

    def refusal(self) -> str:
        """Why new events are refused, for a person; empty: they are not."""
        if self._resumed or self.guard.why:
            return self.guard.why
        return "the store is being read: deliveries have not begun to go on"

    def _disk_changed(self) -> None:
        self.metrics.refusing.set(bool(self.guard.why))
        self._lines.disk(self.guard.why, self.guard.problem)
        self._retention.soon()

    # ---- what happened

    def _plan_metrics(self, plan: Plan) -> None:
        self.metrics.generation.set(plan.generation)
        closed = {s.name: "misconfigured" for s in plan.sources.values() if s.problem}
        closed |= {s.name: "closed" for s in plan.sources.values() if s.closed}
        self.metrics.sources(closed)

    def _committed(self, commit: Committed) -> None:
        stored = 0
        for admission, _ in commit.admissions:
            for event in admission.events:
                if event.seq:
                    stored += 1
                    self.metrics.stored(admission.source, event.type)
        self.metrics.committed(commit.seconds, stored)
        self.metrics.changed(commit.counts)
        if commit.after_failure:
            self.dispatcher.look_again()
        if commit.due:
            self.dispatcher.due(commit.due)
        self.dispatcher.committed()
        self.hub.committed(commit)
        for listener in self.listeners:
            listener(commit)

    def _refused(self, log: refused_log.RefusedLog, refused: Refused) -> None:
        # What is left of a full disk is not for this log.
        if self.guard.strained or not log.add(refused):
            self.metrics.refused_dropped.inc()
