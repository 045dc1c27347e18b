"""kill -9 under load, at named points and at any: what got a 2xx is one event and is delivered.

`make durability` makes 100 of them; the suite each named one once.
"""

import asyncio
import os
import random
import signal
import sqlite3
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import closing, suppress
from pathlib import Path

import aiohttp
import orjson
import pytest

from gateway.cli.client import connect
from gateway.errors import GatewayError
from tests.app.process import Died, process
from tests.app.running import Receiver, receiving
from tests.durability.deaths import Death, Place, deaths
from tests.durability.entry import MIGRATIONS
from tests.durability.serving import Serving
from tests.durability.shim import build

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("DURABILITY_KILLS", "10"))
CONFIG = """\
version: 1
server: {listen: "127.0.0.1:0", public_url: "https://hooks.example.com"}
admin: {listen: "127.0.0.1:0"}
store: {min_free: 1MiB, retention: RETENTION}
sources:
  github: {provider: github, secrets: ["${GITHUB_SECRET}"]}
targets:
  sink: {url: "RECEIVER/hooks", retry: {base: 500ms, cap: 1s}}
MORE  other: {url: "OTHER/hooks", retry: {base: 500ms, cap: 1s}}
routes:
  - {name: all, to: [sink]}
MORE  - {name: more, to: [other]}
"""


class Lives:
    """One database, and the gateway that dies on it again and again."""

    def __init__(self, one: Serving, session: aiohttp.ClientSession, shim: Path) -> None:
        self.one = one
        self.session = session
        self.place = Place(shim, one.folder / "gateway.db")
        self.text = (one.folder / "routes.yaml").read_text()
        self.chance = random.Random(100)
        self.versions = 0

    def configure(self, retention: str = "30d", *, more: bool = True) -> None:
        text = self.text.replace("RETENTION", retention)
        lines = text.splitlines(keepends=True)
        if not more:
            lines = [line for line in lines if not line.startswith("MORE")]
        text = "".join(line.removeprefix("MORE") for line in lines)
        (self.one.folder / "routes.yaml").write_text(text)

    async def die(self, death: Death, name: str) -> None:
        """One life under load, until it ends as it should."""
        one = self.one
        self.versions += death.migrates
        fate = death.env(self.place, self.chance)
        one.env = {MIGRATIONS: str(self.versions), **fate}
        self.configure(death.retention)
        wanted = len(one.acknowledged) + self.chance.randint(1, 300)
        load = None
        with suppress(Died):  # some die before they answer for the first time
            await one.start(self.session)
            load = asyncio.create_task(one.load(self.session, name, 5_000))
        assert one.process is not None
        assert not (death.migrates and load), "it was over with its migration before it died"
        async with asyncio.timeout(60):
            if not fate or death.stops:
                while len(one.acknowledged) < wanted and one.process.returncode is None:
                    await asyncio.sleep(0)
                with suppress(ProcessLookupError):
                    one.process.send_signal(signal.SIGTERM if death.stops else signal.SIGKILL)
            more = False
            while death.reloads and one.process.returncode is None:
                self.configure(more=more)
                more = not more
                with suppress(GatewayError):
                    async with connect(self.place.database) as gateway:
                        await gateway.post("/api/v1/reload")
            assert await one.process.wait() == -signal.SIGKILL, death.name
            if load is not None:
                await load

    async def live(self) -> None:
        """The last life: dies of nothing."""
        self.one.env = {MIGRATIONS: str(self.versions)}
        self.configure()
        await self.one.start(self.session)

    async def send_again(self, ids: Collection[str]) -> Counter[int]:
        """Second copies. `send` sees to it that each gets the id it got before."""
        waiting = iter(list(ids))
        statuses: Counter[int] = Counter()

        async def sender() -> None:
            for id in waiting:
                statuses[await self.one.send(self.session, id)] += 1

        await asyncio.gather(*(sender() for _ in range(8)))
        return statuses

    async def settled(self) -> None:
        """Waits until nothing is on its way any more."""
        async with asyncio.timeout(120):
            while True:
                async with self.session.get(f"{self.one.admin}/metrics") as answer:
                    lines = (await answer.text()).splitlines()
                counts = [line for line in lines if line.startswith("gateway_deliveries{")]
                if not any(
                    float(line.split()[-1]) for line in counts if 'state="dead"' not in line
                ):
                    return
                await asyncio.sleep(0.02)


def taken(receiver: Receiver, header: str) -> set[str]:
    return {headers[header] for headers, _ in receiver.taken}


def ids_of_keys(receivers: Sequence[Receiver]) -> dict[str, set[str]]:
    """The events that the receivers know under each provider's id."""
    keys: dict[str, set[str]] = {}
    for receiver in receivers:
        for _, body in receiver.taken:
            document = orjson.loads(body)
            assert document["data"]["payload"]["id"] == document["providerid"]
            keys.setdefault(document["providerid"], set()).add(document["id"])
    return keys


async def test_what_was_acknowledged_survives_every_death(tmp_path: Path) -> None:
    made: Counter[str] = Counter()
    async with (
        receiving() as sink,
        receiving() as other,
        process(tmp_path, sink.url, CONFIG.replace("OTHER", other.url), kind=Serving) as one,
        aiohttp.ClientSession() as session,
    ):
        lives = Lives(one, session, build(tmp_path))
        for number, death in enumerate(deaths(KILLS, lives.chance)):
            await lives.die(death, f"{number}")
            made[death.name] += 1
        acknowledged = dict(one.acknowledged)
        unanswered = set(one.unanswered)
        await lives.live()
        assert await lives.send_again(acknowledged) == {200: len(acknowledged)}
        await lives.send_again(unanswered)
        assert set(acknowledged) | unanswered == set(one.acknowledged)
        await lives.settled()
        assert await one.end(signal.SIGTERM) == 0
    assert set(one.acknowledged.values()) <= taken(sink, "Gateway-Event-Id")
    keys = ids_of_keys([sink, other])
    assert keys == {key: {id} for key, id in one.acknowledged.items()}
    with closing(sqlite3.connect(lives.place.database)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA user_version").fetchone()[0] > lives.versions
        assert dict(db.execute("SELECT state, count(*) FROM deliveries GROUP BY 1")).keys() == {
            "delivered"
        }
        for target, receiver in (("sink", sink), ("other", other)):
            rows = db.execute("SELECT id FROM deliveries WHERE target = ?", (target,))
            assert {id for (id,) in rows} <= taken(receiver, "webhook-id")
    print(f"\n{sum(made.values())} kills: " + ", ".join(f"{n} {name}" for name, n in made.items()))
    print(
        f"{len(acknowledged)} acknowledged before a death, {len(unanswered)} not answered for: all "
        f"delivered, none two events, every second copy a duplicate; {len(sink.taken)} attempts "
        f"reached the first receiver for {len(one.acknowledged)} events"
    )
