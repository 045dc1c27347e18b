"""`python -m bench end-to-end`: accepted, stored, delivered to a local receiver and recorded.

Beside a forwarder that keeps nothing. The clock runs from the first request to the moment when the
store says that nothing is under way any more; the forwarder's stops with its last answer.
"""

import tempfile
from pathlib import Path

from bench import stored
from bench.pairs import Sample, interleave, rows
from bench.processes import cpu, free_port, gateway, keep_apart, load, push, received, running, sink

WARM = 500
ROUTE = """\
targets:
  sink: {{url: "http://127.0.0.1:{port}/hooks", concurrency: 64}}
routes:
  - {{name: all, to: [sink], format: {format}}}
"""


def measure(pairs: int, count: int, format: str = "cloudevent") -> list[tuple[str, str]]:
    """The rows of the table. count: events a side of a pair, after a warm-up."""

    def ours() -> Sample:
        with tempfile.TemporaryDirectory(prefix="bench-") as name, sink() as (receiver, there):
            folder = Path(name)
            route = ROUTE.format(port=receiver, format=format)
            with gateway(folder, route) as (port, pid):
                keep_apart(pid, there)
                push(port, WARM, server=pid)
                stored.wait_recorded(folder)
                before = cpu(pid)
                loaded = push(port, count, server=pid)
                seconds = stored.wait_recorded(folder) - loaded.started
                used = cpu(pid) - before
            _check(folder, receiver, WARM + count)
            return Sample(count / seconds, used / count * 1e6)

    def bare() -> Sample:
        port = free_port()
        with sink() as (receiver, there):
            with running(["bench.baselines.forward", str(port), str(receiver)], port) as pid:
                keep_apart(pid, there)
                push(port, WARM, server=pid)
                found = load(port, count, pid)
            if received(receiver) != WARM + count:
                raise RuntimeError("the receiver did not get every body from the forwarder")
            return found

    return rows(interleave(pairs, ours, bare), "gateway", "bare forwarder")


def _check(folder: Path, receiver: int, sent: int) -> None:
    """Raises RuntimeError unless each event was delivered and recorded once."""
    found = {
        "events": stored.count(folder, "events"),
        "deliveries": stored.count(folder, "deliveries WHERE state = 'delivered'"),
        "attempts": stored.count(folder, "attempts"),
        "received": received(receiver),
    }
    if set(found.values()) != {sent}:
        raise RuntimeError(f"{sent} were accepted, and there are {found}")
