"""Databases with many events, built once and kept under .cache/bench, copied for each use.

The events are the bench's pushes, judged once each by the real steps, then stored again and again
under new ids through the store's own `accept`, in batches.
"""

import asyncio
import contextlib
import hashlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bench.processes import ROUTES
from bench.pushes import SECRET, Template, templates
from bench.stored import DATABASE
from gateway.ingest.admit import Admitter, Proven
from gateway.model.ids import new_delivery_id, new_event_id
from gateway.model.records import Admission
from gateway.model.request import Headers, Request
from gateway.plan.compile import compile_plan
from gateway.plan.plan import Plan
from gateway.store import sqlite
from gateway.verify.base import Proof

CACHE = Path(__file__).parents[1] / ".cache" / "bench"
BATCH = 100
ROUTE = """\
targets:
  sink: {{url: "http://127.0.0.1:{port}/hooks", concurrency: 64}}
routes:
  - {{name: all, to: [sink], format: {format}}}
"""


class _Nothing:
    """Nothing is paused, and no delivery is taken into memory: each is pending."""

    def why(self, source: str, route: str, target: str) -> str:  # noqa: ARG002
        return ""

    def reserve(self, target: str) -> bool:  # noqa: ARG002
        return False

    def accepted(self, *_: object) -> None: ...

    def failed(self, *_: object) -> None: ...


@contextlib.contextmanager
def copy(events: int, *, routed: bool, age: float = 0.0) -> Iterator[Path]:
    """A folder with a database of so many events. routed: each with a pending delivery.

    age: seconds before now at which they came.
    """
    kept = CACHE / f"{_key()}-{events}-{'pending' if routed else 'unrouted'}-{age:.0f}.db"
    if not kept.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="build-", dir=CACHE) as name:
            asyncio.run(_build(Path(name) / DATABASE, events, routed=routed, age=age))
            (Path(name) / DATABASE).rename(kept)
    with tempfile.TemporaryDirectory(prefix="copy-", dir=CACHE) as name:
        shutil.copyfile(kept, Path(name) / DATABASE)
        yield Path(name)


def _key() -> str:
    """Changes with what decides a database's rows and bytes."""
    here = Path(__file__)
    sources = sorted((here.parents[1] / "gateway" / "store" / "sqlite").rglob("*.*"))
    texts = [path.read_bytes() for path in sources if path.suffix in {".py", ".sql"}]
    texts += [here.read_bytes(), here.with_name("pushes.py").read_bytes()]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:12]


async def _build(database: Path, events: int, *, routed: bool, age: float) -> None:
    began = time.monotonic()
    judged = await _judged(routed=routed)
    store = await sqlite.open(database)
    try:
        for start in range(0, events, BATCH):
            numbers = range(start, min(start + BATCH, events))
            await asyncio.gather(*[store.accept(_anew(judged, one, age)) for one in numbers])
    finally:
        await store.close()
    print(f"{database.parent.parent}: {events:,} events in {time.monotonic() - began:.0f} s")


async def _judged(*, routed: bool) -> list[tuple[Template, Admission]]:
    plan = _plan(routed=routed)
    source = plan.sources["github"]
    nothing = _Nothing()
    admitter = Admitter(nothing, nothing, _raise)
    found = []
    for number, template in enumerate(templates()):
        start, rest, signature = template.body(number)
        headers = Headers(
            (
                (b"Host", b"127.0.0.1"), (b"User-Agent", b"GitHub-Hookshot/044aadd"),
                (b"Content-Length", b"%d" % len(start + rest)), (b"Accept", b"*/*"),
                (b"Content-Type", b"application/json"),
                (b"X-GitHub-Delivery", b"%036d" % number), (b"X-GitHub-Event", b"push"),
                (b"X-GitHub-Hook-ID", b"292430182"),
                (b"X-GitHub-Hook-Installation-Target-ID", b"21031067"),
                (b"X-GitHub-Hook-Installation-Target-Type", b"organization"),
                (b"X-Hub-Signature-256", b"sha256=" + signature),
            )
        )  # fmt: skip
        request = Request("POST", "/in/github", b"", headers, start + rest)
        proof = source.verifier.verify(request, time.time()) if source.verifier else None
        if not isinstance(proof, Proof):
            raise TypeError("a good signature was refused")
        proven = Proven(source, request, "127.0.0.1", time.time(), proof, None)
        payload = source.extractor.payload(request)
        found.append((template, await admitter.admission(plan, proven, payload)))
    return found


def _anew(judged: list[tuple[Template, Admission]], number: int, age: float) -> Admission:
    """The same push under another id and with another number in its body."""
    template, admission = judged[number % len(judged)]
    start, rest, signature = template.body(number)
    (event,) = admission.events
    name = f"{number:08x}-4eeb-4000-8000-{hashlib.sha1(rest).hexdigest()[:12]}"
    changed = {
        b"X-GitHub-Delivery": name.encode(),
        b"X-Hub-Signature-256": b"sha256=" + signature,
    }
    body, at = start + rest, time.time() - age
    fresh = replace(
        event, id=new_event_id(), dedup_key=name, provider_id=name,
        deliveries=[replace(one, id=new_delivery_id(), next_at=at) for one in event.deliveries],
    )  # fmt: skip
    headers = tuple([(key, changed.get(key, value)) for key, value in admission.headers])
    return replace(
        admission, received_at=at, headers=headers, body=body, body_mac=b"", events=[fresh]
    )


def _plan(*, routed: bool) -> Plan:
    route = ROUTE.format(port=9, format="cloudevent") if routed else ""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        file = Path(folder) / "routes.yaml"
        file.write_text(ROUTES.format(port=1, admin=2) + route)
        return compile_plan(file, {"BENCH_SECRET": SECRET}, generation=1)


def _raise(error: BaseException) -> None:
    raise error
