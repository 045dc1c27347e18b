"""One gateway for all attacks of a test process: each of them finds what the ones before left."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.door.house import House, house


@pytest_asyncio.fixture(scope="session", loop_scope="session", name="one")
async def _one(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("door")) as made:
        yield made
