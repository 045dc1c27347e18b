"""Lines of the log: whole, in order, none lost at an end, and no reason to fail."""

import asyncio
import io
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime

import orjson
import pytest

from gateway.observe import logs
from gateway.observe.batched import MOST


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    logs.configure(level="info", stream=stream, pretty=False)
    yield stream
    logs.configure(level="error")


def said(out: io.StringIO) -> list[str]:
    return [orjson.loads(line)["msg"] for line in out.getvalue().splitlines()]


def test_a_line_begins_with_its_time_its_level_and_what_happened(out: io.StringIO) -> None:
    logs.logger("door").warning("happened", source="github", count=3, why=None)
    line = orjson.loads(out.getvalue())
    assert list(line) == ["at", "level", "msg", "part", "source", "count", "why"]
    assert list(line.values())[1:] == ["warning", "happened", "door", "github", 3, None]
    assert line["at"].endswith("Z")
    assert datetime.fromisoformat(line["at"]).tzinfo is not None


def test_outside_a_loop_nothing_is_held_back(out: io.StringIO) -> None:
    logs.logger("x").info("one")
    assert said(out) == ["one"]
    logs.logger("x").debug("below the level")
    assert said(out) == ["one"]


async def test_lines_of_one_turn_go_out_together_and_in_order(out: io.StringIO) -> None:
    log = logs.logger("x")
    for number in range(5):
        log.info(str(number))
    assert out.getvalue() == ""
    await asyncio.sleep(0)
    assert said(out) == ["0", "1", "2", "3", "4"]
    log.info("5")
    await asyncio.sleep(0)
    assert said(out)[-1] == "5"


async def test_what_libraries_say_keeps_its_place(out: io.StringIO) -> None:
    logs.logger("x").info("before")
    logging.getLogger("a.library").warning("%s", "theirs")
    logs.logger("x").info("after")
    await asyncio.sleep(0)
    assert said(out) == ["before", "theirs", "after"]


async def test_what_libraries_say_quotes_nobody(out: io.StringIO) -> None:
    """aiohttp logs what it cannot read, and asyncio the text of what nobody caught."""
    try:
        raise ValueError("b'Authorization: Bearer its-token'")
    except ValueError as error:
        logging.getLogger("a.library").error("Error of %s", "127.0.0.1", exc_info=error)
        asyncio.get_running_loop().call_exception_handler(
            {"message": "nobody caught it", "exception": error, "task": repr(error)}
        )
    await asyncio.sleep(0)
    assert said(out) == ["Error of 127.0.0.1", "nobody caught it"]
    line = orjson.loads(out.getvalue().splitlines()[0])
    assert (line["level"], line["part"], line["error"]) == ("error", "a.library", "ValueError")
    assert line["trace"][0].startswith("tests/observe/test_logs.py:")
    assert "its-token" not in out.getvalue()


async def test_much_goes_out_at_once(out: io.StringIO) -> None:
    logs.logger("x").info("long", text="y" * MOST)
    assert said(out) == ["long"]


async def test_lines_of_other_threads_are_whole(out: io.StringIO) -> None:
    def work(name: str) -> None:
        for number in range(200):
            logs.logger(name).info(f"{name}{number}")

    threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    work("d")
    for thread in threads:
        thread.join()
    await asyncio.sleep(0)
    lines = said(out)
    assert sorted(lines) == sorted(f"{name}{number}" for name in "abcd" for number in range(200))
    for name in "abcd":
        assert [line for line in lines if line[0] == name] == [f"{name}{n}" for n in range(200)]


def test_a_loop_that_ends_before_its_turn_loses_nothing(out: io.StringIO) -> None:
    async def main() -> None:
        logs.logger("x").info("the last of the first")

    asyncio.run(main())
    asyncio.run(main())
    logs.logger("x").info("after them")
    assert said(out) == ["the last of the first"] * 2 + ["after them"]


@pytest.mark.parametrize("end", ["raise RuntimeError", "raise SystemExit(3)", "return"])
def test_the_end_of_the_process_loses_nothing(end: str) -> None:
    code = (
        "import asyncio\nfrom gateway.observe import logs\nlogs.configure(pretty=False)\n"
        f"async def main():\n    logs.logger('x').info('the last')\n    {end}\nasyncio.run(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, stderr=subprocess.PIPE, timeout=30
    )
    assert done.stderr.count(b'"msg":"the last"') == 1


class Gone(io.StringIO):
    def write(self, _: str) -> int:
        raise BrokenPipeError


async def test_a_stream_that_takes_nothing_costs_only_the_lines() -> None:
    logs.configure(level="info", stream=Gone(), pretty=False)
    trouble: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: trouble.append(context))
    for _ in range(3):
        logs.logger("x").info("lost")
        await asyncio.sleep(0)
    logs.configure(level="error")
    assert trouble == []
