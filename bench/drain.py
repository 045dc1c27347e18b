"""`python -m bench drain`: a backlog of pending deliveries, read from the store and delivered.

Beside a client loop that POSTs the same bodies from memory and keeps nothing. The gateway's clock
runs from its first answer on /healthz, when it begins to deliver, until all is recorded.
"""

import subprocess
import sys
import time

import orjson

from bench import stored
from bench.pairs import Sample, interleave, rows
from bench.processes import cpu, gateway, received, sink
from bench.stores import ROUTE, copy


def measure(pairs: int, count: int, format: str = "cloudevent") -> list[tuple[str, str]]:
    """The rows of the table. count: deliveries that wait."""

    def ours() -> Sample:
        with copy(count, routed=True) as folder, sink() as (receiver, _):
            route = ROUTE.format(port=receiver, format=format)
            started = time.monotonic()
            with gateway(folder, route) as (_, pid):
                # What was delivered before it said that it is up counts from the start of the load.
                before, began, gone = cpu(pid), time.monotonic(), received(receiver)
                seconds = stored.wait_recorded(folder, 600) - began
                used = cpu(pid) - before
            _check(count, receiver, stored.count(folder, "deliveries WHERE state = 'delivered'"))
            print(f"  up in {began - started:.1f} s, {gone} delivered by then", file=sys.stderr)
            return Sample((count - gone) / seconds, used / (count - gone) * 1e6)

    def bare() -> Sample:
        with sink() as (receiver, _):
            done = subprocess.run(
                [sys.executable, "-m", "bench.baselines.drain", str(receiver), str(count)],
                check=True, stdout=subprocess.PIPE, timeout=600,
            )  # fmt: skip
            _check(count, receiver, count)
            said = orjson.loads(done.stdout)
            return Sample(count / said["seconds"], said["cpu"] / count * 1e6)

    return rows(interleave(pairs, ours, bare), "gateway", "bare client loop")


def _check(sent: int, receiver: int, recorded: int) -> None:
    """Raises RuntimeError unless each was delivered once."""
    if not sent == recorded == received(receiver):
        raise RuntimeError(f"{sent} waited, {recorded} recorded, {received(receiver)} received")
