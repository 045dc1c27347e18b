"""Disks that a test can fill, and disks that refuse on command; and a gateway on one of them."""

import asyncio
import errno
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from tests.app.process import process
from tests.app.running import Receiver, signed_push
from tests.durability.serving import Serving

CONFIG = """\
version: 1
server: {listen: "127.0.0.1:0", public_url: "https://hooks.example.com"}
admin: {listen: "127.0.0.1:0"}
store: {url: "sqlite:///FOLDER/gateway.db", min_free: 32MiB, retention: 30d}
sources:
  github: {provider: github, secrets: ["${GITHUB_SECRET}"]}
targets:
  sink: {url: "RECEIVER/hooks", retry: {base: 500ms, cap: 1s}}
routes:
  - {name: all, to: [sink]}
"""
MIN_FREE = 32 * 2**20
BALLAST = MIN_FREE // 2


# ---------------------------------------------------------------- disks


@dataclass
class SmallDisk:
    """A tmpfs of its own."""

    folder: Path
    prefix: Sequence[str] = ()
    """Before a command that is to see it."""

    @property
    def free(self) -> int:
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def fill(self, leave: int = 0) -> None:
        """Somebody else's file takes all but so many bytes."""
        with (self.folder / "somebody-else-s").open("ab") as file:
            while (free := self.free - leave) > 0:
                # Others use the disk meanwhile, so what was free may be gone.
                with suppress(OSError):
                    os.posix_fallocate(file.fileno(), 0, os.fstat(file.fileno()).st_size + free)

    def fill_inodes(self) -> None:
        """Somebody else's files are so many that there can be no other."""
        with suppress(OSError):
            for number in count():
                (self.folder / f"somebody-else-s-{number}").touch(exist_ok=False)

    def empty(self) -> None:
        """Somebody else's files go."""
        for file in self.folder.glob("somebody-else-s*"):
            file.unlink()


@asynccontextmanager
async def small_disk(place: Path, options: str = "size=128M") -> AsyncIterator[SmallDisk]:
    """A disk at `place`: mounted as root, else in a user namespace, else the test is skipped."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"{options},mode=700", "tmpfs", str(place)]
    if (
        os.geteuid() == 0
        and subprocess.run(mount, check=False, capture_output=True).returncode == 0
    ):
        try:
            yield SmallDisk(place)
        finally:
            subprocess.run(["umount", "--lazy", str(place)], check=True)
        return
    # A process keeps the namespace, and /proc leads into it.
    script = '"$@" && echo mounted && exec sleep infinity'
    with suppress(FileNotFoundError):
        holder = await asyncio.create_subprocess_exec(
            "unshare", "-Urm", "sh", "-ec", script, "sh", *mount,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            assert holder.stdout is not None
            if await holder.stdout.readline() == b"mounted\n":
                yield SmallDisk(
                    Path(f"/proc/{holder.pid}/root{place}"),
                    ("nsenter", "-t", str(holder.pid), "-U", "-m", "--preserve-credentials"),
                )
                return
        finally:
            with suppress(ProcessLookupError):
                holder.kill()
            await holder.wait()
    pytest.skip("no small disk: this user may neither mount a tmpfs nor make a user namespace")


@dataclass
class Refusing:
    """A folder whose files refuse what `flag` says (see refuse.c)."""

    folder: Path
    shim: Path
    flag: Path

    @property
    def env(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(self.shim),
            "REFUSE_FOLDER": f"{self.folder}/",
            "REFUSE_FLAG": str(self.flag),
        }

    @property
    def used(self) -> int:
        """Bytes of blocks."""
        return sum(file.stat().st_blocks * 512 for file in self.folder.iterdir() if file.is_file())

    def refuse(self, what: str, number: int) -> None:
        """Begins, as a whole."""
        part = self.flag.with_suffix(".part")
        part.write_text(f"{what} {number}\n")
        part.replace(self.flag)

    def allow(self) -> None:
        """Ends."""
        self.flag.unlink()


def refusing(place: Path) -> Refusing:
    """Needs a C compiler, else the test is skipped."""
    if not shutil.which("cc"):
        pytest.skip("no C compiler: apt install gcc libc6-dev")
    folder = place / "store"
    folder.mkdir()
    shim = place / "refuse.so"
    source = Path(__file__).with_name("refuse.c")
    command = ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", shim, source]
    subprocess.run(command, check=True, timeout=60)
    return Refusing(folder, shim, place / "refuse")


# ---------------------------------------------------------------- the gateway on one


@dataclass
class Small(Serving):
    """A gateway whose start is done when it answers at all: on a full disk it is not ready."""

    session: aiohttp.ClientSession | None = None

    async def _ready(self, session: aiohttp.ClientSession) -> bool:
        self.session = session
        with suppress(aiohttp.ClientError):
            async with session.get(f"{self.admin}/healthz") as answer:
                return answer.status == 200
        return False

    async def get(self, path: str, accept: str = "application/json") -> tuple[int, str]:
        """What the admin listener says."""
        assert self.session is not None
        async with self.session.get(f"{self.admin}{path}", headers={"Accept": accept}) as answer:
            return answer.status, await answer.text()

    async def conditions(self) -> dict[str, bool]:
        """Of readiness."""
        return dict(orjson.loads((await self.get("/readyz"))[1])["conditions"])

    async def until(self, true: Callable[[dict[str, bool]], bool]) -> None:
        """Waits for a state of readiness, without any traffic on the public listener."""
        async with asyncio.timeout(60):
            while not true(await self.conditions()):
                await asyncio.sleep(0.1)

    async def until_ready(self) -> None:
        await self.until(lambda conditions: all(conditions.values()))

    async def metric(self, name: str, label: str = "") -> float:
        """The sum of a metric's lines with this label; 0 where there is none."""
        lines = (await self.get("/metrics"))[1].splitlines()
        kept = [line for line in lines if line.startswith(name) and label in line]
        return sum(float(line.rpartition(" ")[2]) for line in kept)

    async def push(self, id: str) -> int:
        assert self.session is not None
        return await self.send(self.session, id)

    async def outcome(self, id: str) -> tuple[int, str, dict[str, Any]]:
        """Status, Retry-After and body of one push."""
        assert self.session is not None
        headers, body = signed_push(id)
        url = f"{self.public}/in/github"
        async with self.session.post(url, data=body, headers=headers) as answer:
            return answer.status, answer.headers.get("Retry-After", ""), await answer.json()


@asynccontextmanager
async def gateway_on(
    place: Path, disk: SmallDisk | Refusing, receiver: Receiver
) -> AsyncIterator[Small]:
    """Configured, not started. place: for routes.yaml, which is not on that disk."""
    text = CONFIG.replace("FOLDER", str(disk.folder).lstrip("/"))
    config = place / "config"
    config.mkdir()
    async with process(config, receiver.url, text, kind=Small) as one:
        if isinstance(disk, SmallDisk):
            one.prefix = disk.prefix
        else:
            one.env = disk.env
        yield one


async def all_is_well(one: Small, receiver: Receiver) -> None:
    """What was acknowledged was delivered, is one event, and a second copy of it a duplicate."""
    missing = set(one.acknowledged.values())
    assert missing
    async with asyncio.timeout(60):
        while missing:
            receiver.came.clear()
            missing -= {headers["Gateway-Event-Id"] for headers, _ in receiver.taken}
            if missing:
                await receiver.came.wait()
        for state in ("pending", "leased"):
            while await one.metric("gateway_deliveries{", f'state="{state}"'):
                await asyncio.sleep(0.1)
    for id, event in one.acknowledged.items():
        status, _, answer = await one.outcome(id)
        assert (status, answer["status"], answer["id"]) == (200, "duplicate", event)
    events: dict[str, set[str]] = {}
    for _, body in receiver.taken:
        document = orjson.loads(body)
        events.setdefault(document["providerid"], set()).add(document["id"])
    assert all(len(ids) == 1 for ids in events.values())
    print(
        f"\n{len(one.acknowledged)} acknowledged, all delivered, none two events; "
        f"{one.unavailable} answered 503; {len(receiver.taken)} attempts"
    )


EDQUOT, EIO = errno.EDQUOT, errno.EIO
