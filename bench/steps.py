"""`python -m bench steps`: the gateway with parts taken out or put back, beside bare aiohttp.

What each next step would buy at most, and what the steps taken have bought.
"""

import tempfile
from pathlib import Path

from bench.pairs import Sample
from bench.processes import ROUTES, free_port, load, running
from bench.report import Rows
from bench.rounds import compared, rounds
from bench.variants import VARIANTS

WARM = 500
BARE = "bare aiohttp"


def measure(pairs: int, count: int) -> Rows:
    """The rows of the table. count: requests to each variant in a round."""

    def bare() -> Sample:
        port = free_port()
        with running(["bench.baselines.accept", str(port)], port) as pid:
            load(port, WARM, pid)
            return load(port, count, pid)

    def variant(name: str) -> Sample:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            port, config = free_port(), Path(folder) / "routes.yaml"
            config.write_text(ROUTES.format(port=port, admin=free_port()))
            with running(["bench.variants", name, str(config)], port) as pid:
                load(port, WARM, pid)
                return load(port, count, pid)

    variants = {BARE: bare} | {name: lambda name=name: variant(name) for name in VARIANTS}  # type: ignore[misc]
    return compared(rounds(pairs, variants), BARE)
