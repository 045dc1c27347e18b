"""One gateway: every object built once and joined, started and stopped in order."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from aiohttp import web

from gateway.admin.app import build
from gateway.admin.deps import Deps, Reloaded
from gateway.admin.live import Hub
from gateway.app.guarded import GuardedStore
from gateway.app.sockets import bind, bind_unix
from gateway.delivery.actions import Actions
from gateway.delivery.attempt import AttemptLine, Attempts
from gateway.delivery.dispatcher import Dispatcher
from gateway.delivery.pauses import Pauses
from gateway.errors import ConfigInvalid
from gateway.ingest.judge import Judge
from gateway.ingest.ports import RequestLine
from gateway.ingest.server import PublicServer, listen
from gateway.model.records import Committed, Refused
from gateway.net.egress import Egress
from gateway.observe.logs import logger
from gateway.observe.metrics import Metrics
from gateway.observe.traces import frames
from gateway.plan.plan import Plan
from gateway.plan.ranges import wanted, with_ranges
from gateway.plan.report import changes
from gateway.store import refused as refused_log
from gateway.store import sqlite
from gateway.upkeep.disk import DiskGuard
from gateway.upkeep.ranges import RangesFeed
from gateway.upkeep.retention import keep_pruned

BACKLOG_EVERY = 5.0


class Gateway:
    """A running gateway. `start` once, `stop` once."""

    DRAIN = 25.0
    """Seconds for what is in flight; the unit's stop time-out is 30."""

    def __init__(
        self, compile_: Callable[[int], Plan], *, clock: Callable[[], float] = time.time
    ) -> None:
        """compile_: the plan of a generation; raises `ConfigInvalid`."""
        self._compile = compile_
        self._clock = clock
        self._log = logger("gateway")
        self.metrics = Metrics()
        self.hub = Hub()
        self.listeners: list[Callable[[Committed], None]] = []
        self._stack = contextlib.AsyncExitStack()
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
        store = await sqlite.open(plan.store.path, clock=self._clock)
        push(store.close)
        self.store = store
        refused = refused_log.RefusedLog(plan.store.path, clock=self._clock)
        push(refused.close)
        egress = Egress()
        push(egress.close)
        self._feed = RangesFeed(
            egress.fetch, store, lambda: wanted(self._plan), self._renew, self._not_renewed,
            self._clock,
        )  # fmt: skip
        await self._feed.load(wanted(plan))
        self._renew()
        self.guard = DiskGuard(
            store, lambda: self._plan.store.min_free, self.metrics.free_bytes.set
        )
        await self.guard.look()
        pauses = Pauses(await store.pauses())
        attempts = Attempts(
            plan=lambda: self._plan, sender=egress, pauses=pauses, clock=self._clock,
            random=random.random, metrics=self.metrics, log=self._attempt_line,
        )  # fmt: skip
        self.dispatcher = Dispatcher(store, attempts, lambda: self._plan, self._clock, self._report)
        self.actions = Actions(store, pauses, lambda: self._plan, self._clock)
        store.listen(self._committed)
        await self._gauges(store)
        await self.dispatcher.start()
        push(self.dispatcher.drain, self.DRAIN)
        judge = Judge(
            plan=lambda: self._plan, store=GuardedStore(store, self.guard), pauses=pauses,
            dispatch=self.dispatcher, refused=lambda one: self._refused(refused, one),
            metrics=self.metrics, log=self._request_line, report=self._report, clock=self._clock,
        )  # fmt: skip
        await self._admin(plan, refused)
        await self._public(plan, judge)
        self._plan_metrics(plan)
        for work in (
            keep_pruned(store, lambda: self._plan.store, self._clock),
            self.guard.watch(),
            self._watch_backlog(),
            self._feed.watch(),
        ):
            self._tasks.append(asyncio.create_task(work))
        push(self._cancel_tasks)

    async def _public(self, plan: Plan, judge: Judge) -> None:
        bound = bind(plan.server.listen)
        if plan.server.listen.kind == "tcp":
            self.public_port = bound.getsockname()[1]
        public = PublicServer(judge)
        server = await listen(public, bound)

        async def close() -> None:
            server.close()
            public.pre_shutdown()  # idle connections end at once, busy ones after their answer
            await public.shutdown(self.DRAIN)

        self._stack.push_async_callback(close)

    async def _admin(self, plan: Plan, refused: refused_log.RefusedLog) -> None:
        deps = Deps(
            plan=lambda: self._plan, store=self.store, actions=self.actions,
            refused=refused.page, metrics=self.metrics.render, reload=self.reload,
            ready=self.ready, clock=self._clock,
        )  # fmt: skip
        bound = bind(plan.admin_listen)
        if plan.admin_listen.kind == "tcp":
            self.admin_port = bound.getsockname()[1]
        control = plan.store.path.absolute().with_name("control.sock")
        for app, sock in (
            (build(deps, self.hub), bound),
            (
                build(replace(deps, who="command"), self.hub, trusted=True),
                bind_unix(control, mode=0o600),
            ),
        ):
            runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=2.0)
            await runner.setup()
            self._stack.push_async_callback(runner.cleanup)
            await web.SockSite(runner, sock).start()
        self._stack.callback(self.hub.close)
        self._stack.callback(control.unlink, missing_ok=True)

    async def stop(self) -> None:
        """Stops listening, drains, closes the store."""
        self._stopping = True
        await self._stack.aclose()

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
            await self._feed.load(wanted(new))
            # What needs a restart stays as it is, and was named.
            self._plan = replace(
                with_ranges(new, self._feed.networks),
                server=replace(new.server, listen=old.server.listen),
                admin_listen=old.admin_listen,
                store=replace(new.store, path=old.store.path),
            )
            await self.dispatcher.apply(old)
            self.metrics.reload_failed.set(0)
            self._plan_metrics(self._plan)
            self._log.info("reloaded", generation=new.generation, changes=list(said))
            return Reloaded(new.generation, said)

    def _renew(self) -> None:
        self._plan = with_ranges(self._plan, self._feed.networks)

    def _not_renewed(self, provider: str, reason: str) -> None:
        self._log.warning("published addresses", provider=provider, reason=reason)

    def ready(self) -> Mapping[str, bool]:
        """Each condition of readiness."""
        return {
            "started": self._started,
            "not_stopping": not self._stopping,
            "store": not self.store_problem(),
            "disk": self.guard.room,
        }

    def store_problem(self) -> str:
        """What keeps the store from committing; empty: nothing known."""
        return self.guard.problem

    # ---- what happened

    def _plan_metrics(self, plan: Plan) -> None:
        self.metrics.generation.set(plan.generation)
        closed = {s.name: "misconfigured" for s in plan.sources.values() if s.problem}
        closed |= {s.name: "closed" for s in plan.sources.values() if s.closed}
        self.metrics.sources(closed)

    async def _gauges(self, store: sqlite.SqliteStore) -> None:
        for waits in await store.backlog():
            self.metrics.changed(
                {(waits.target, state): count for state, count in waits.counts.items()}
            )

    async def _watch_backlog(self) -> None:
        """Reads every few seconds what a scrape then shows, so that a scrape asks nothing."""
        since: dict[str, float] = {}
        self.metrics.oldest_pending = lambda: {
            target: max(0.0, self._clock() - at) for target, at in since.items()
        }
        while True:
            found = {
                waits.target: waits.oldest_pending_at
                for waits in await self.store.backlog()
                if waits.oldest_pending_at is not None
            }
            since.clear()
            since.update(found)
            await asyncio.sleep(BACKLOG_EVERY)

    def _committed(self, commit: Committed) -> None:
        stored = 0
        for admission, admitted in commit.admissions:
            for event, became in zip(admission.events, admitted, strict=True):
                if not became.duplicate:
                    stored += 1
                    self.metrics.stored(admission.source, event.type)
        self.metrics.committed(commit.seconds, stored)
        self.metrics.changed(commit.counts)
        if commit.due:
            self.dispatcher.due(commit.due)
        self.hub.committed(commit)
        for listener in self.listeners:
            listener(commit)

    def _refused(self, log: refused_log.RefusedLog, refused: Refused) -> None:
        if not log.add(refused):
            self.metrics.refused_dropped.inc()

    def _request_line(self, line: RequestLine) -> None:
        if self._log.is_enabled_for(logging.INFO):
            self._log.info("request", **_facts(line))

    def _attempt_line(self, line: AttemptLine) -> None:
        if self._log.is_enabled_for(logging.INFO):
            self._log.info("attempt", **_facts(line))

    def _report(self, error: BaseException) -> None:
        """A mistake of ours: where it happened, without its text, which could quote a sender."""
        self._log.error("unexpected", error=type(error).__name__, trace=frames(error))


def _facts(line: RequestLine | AttemptLine) -> dict[str, object]:
    """What a line has to say, without what is empty. `asdict` would copy every value first."""
    named = ((name, getattr(line, name)) for name in line.__dataclass_fields__)
    return {name: value for name, value in named if value not in {"", ()}}
