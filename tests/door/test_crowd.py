"""More connections than the gateway has descriptors for: the idle make room, nothing else does."""

from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio

from tests.app.process import Process
from tests.door.house import House, crowd, house, is_ours, together
from tests.ingest.wire import chunked, post, read_response

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

DESCRIPTORS = 400
MOST = DESCRIPTORS // 2


class Few(Process):
    """A gateway that the system gives few descriptors."""

    def command(self) -> Sequence[str]:
        return ("/bin/sh", "-c", f'ulimit -n {DESCRIPTORS}; exec "$@"', "sh", *super().command())


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="small")
async def _small(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("crowd"), kind=Few) as made:
        yield made


async def test_the_idle_make_room_for_whoever_comes(small: House) -> None:
    about = f"1,000 idle connections, {DESCRIPTORS} descriptors"
    async with small.attack(about, descriptors=MOST), crowd(small, 1000) as connections:
        for number in range(20):
            assert (await small.send(post(id=f"in-a-crowd-{number}"))).status == 202
        last = connections[-1]
        last[1].write(post(id="the-last-one"))
        assert (await read_response(last[0])).status == 202, "the first went, the last stayed"


async def test_those_being_answered_are_not_closed_for_newcomers(small: House) -> None:
    """Each of them sends a body; past the bound newcomers are told at once to come again."""
    first, *rest = chunked([b"{}", b" "], path="/in/packed")
    turned_away = 0
    open_before = small.descriptors()
    before = await small.outcomes()
    async with crowd(small, MOST) as connections:
        for _, writer in connections:
            writer.write(first + rest[0])
        for number in range(30):
            async with small.connection() as (reader, writer):
                writer.write(post(id=f"newcomer-{number}"))
                answer = await read_response(reader)
            if answer.status == 503:
                is_ours(answer, 503)
                assert answer.headers["Retry-After"] == "5"
                turned_away += 1
        for _, writer in connections:
            writer.write(b"".join(rest[1:]))
        ends = await together(read_response(reader) for reader, _ in connections)
    assert {end.status for end in ends} <= {200, 202}
    counted = await small.outcomes() - before
    assert counted["_unknown", "overloaded"] == turned_away > 0
    await small.back_to(open_before)
    assert (await small.send(post(id="after-the-crowd"))).status == 202
    small.quiet()
