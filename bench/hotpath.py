"""`python -m bench hotpath`: verify, extract, normalize and route, in this process, without I/O.

Beside the floor: the HMAC-SHA256 of the same bodies and orjson's parse of them, nothing else.
"""

import hashlib
import hmac
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import orjson

from bench.pairs import Sample, interleave, spread
from bench.processes import ROUTES
from bench.pushes import SECRET, templates
from gateway.model.request import Headers, RawHeaders, Request
from gateway.plan.compile import compile_plan
from gateway.plan.plan import Plan
from gateway.routing.budget import Budget
from gateway.routing.match import match
from gateway.routing.scope import HeaderValues, Scope
from gateway.verify.base import Proof

ROUTE = """\
targets:
  sink: {url: "http://127.0.0.1:9/hooks"}
routes:
  - {name: all, to: [sink]}
"""


def measure(pairs: int, count: int) -> list[tuple[str, str]]:
    """The rows of the table. count: bodies a side of a pair."""
    plan = _plan()
    requests = [
        (_headers(number, signature), start + rest)
        for number, (start, rest, signature) in enumerate(
            template.body(number) for number, template in enumerate(templates())
        )
    ]
    key = SECRET.encode()

    def ours(pairs: RawHeaders, body: bytes) -> None:
        step(plan, Request("POST", "/in/github", b"", Headers(pairs), body))

    def bare(_: RawHeaders, body: bytes) -> None:
        hmac.new(key, body, hashlib.sha256).hexdigest()
        orjson.loads(body)

    def side(work: Callable[[RawHeaders, bytes], None]) -> Callable[[], Sample]:
        def run() -> Sample:
            started, cpu = time.perf_counter(), time.process_time()
            for number in range(count):
                work(*requests[number % len(requests)])
            used = time.process_time() - cpu
            return Sample(count / (time.perf_counter() - started), used / count * 1e6)

        return run

    found = interleave(pairs, side(ours), side(bare))
    return [
        ("four steps, CPU µs", str(spread([a.cpu for a, _ in found]))),
        ("HMAC and parse alone, CPU µs", str(spread([b.cpu for _, b in found]))),
        ("ratio by CPU", str(spread([a.cpu / b.cpu for a, b in found]))),
    ]


def step(plan: Plan, request: Request) -> None:
    """What the listener asks of the pure core. Raises RuntimeError if it is not one routed event."""
    source = plan.sources["github"]
    now = 1_767_600_000.0
    if source.verifier is None or not isinstance(source.verifier.verify(request, now), Proof):
        raise RuntimeError("a good signature was refused")
    payload = source.extractor.payload(request)
    (item,) = source.extractor.items(request, payload, now)
    headers = HeaderValues(request.headers)
    scope = Scope(item.fields, payload.value, headers, source.name, item.type, "evt_0")
    if item.type == "other" or len(match(plan.index, scope, verified=True, budget=Budget())) != 1:
        raise RuntimeError("a push was not understood, or not routed")


def _plan() -> Plan:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        file = Path(folder) / "routes.yaml"
        file.write_text(ROUTES.format(port=1, admin=2) + ROUTE)
        return compile_plan(file, {"BENCH_SECRET": SECRET}, generation=1)


def _headers(number: int, signature: bytes) -> RawHeaders:
    return (
        (b"Host", b"127.0.0.1"), (b"User-Agent", b"GitHub-Hookshot/bench"), (b"Accept", b"*/*"),
        (b"Content-Type", b"application/json"), (b"X-GitHub-Event", b"push"),
        (b"X-GitHub-Hook-ID", b"1"), (b"X-Hub-Signature-256", b"sha256=" + signature),
        (b"X-GitHub-Delivery", b"%032x" % number),
    )  # fmt: skip
