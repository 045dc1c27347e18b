"""Random interleavings of acceptance, failure, restart and pruning against a model that fits in
twenty lines. Against every store."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.errors import StoreUnavailable
from gateway.store.protocol import EventFilter
from tests.store.conftest import SqliteBench
from tests.store.make import admission, event

KEYS = st.sampled_from("abcdef")
ADMISSION = st.lists(KEYS, min_size=1, max_size=4)
STEP = st.one_of(
    st.tuples(st.just("commit"), st.lists(ADMISSION, min_size=1, max_size=6)),
    st.tuples(st.just("fail"), st.lists(ADMISSION, min_size=1, max_size=3)),
    st.tuples(st.just("reopen"), st.just([])),
)


async def play(folder: Path, steps: list[tuple[str, list[list[str]]]]) -> None:
    bench = SqliteBench(folder)
    store = await bench.open()
    kept: dict[str, str] = {}
    repeats: dict[str, int] = {}
    for step, admissions in steps:
        if step == "reopen":
            store = await bench.open()
            continue
        bench.breaker.point = "before_commit" if step == "fail" else ""
        calls = [
            store.accept(admission(*(event(key, item=n) for n, key in enumerate(keys))))
            for keys in admissions
        ]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        for keys, answer in zip(admissions, answers, strict=True):
            if step == "fail":
                assert isinstance(answer, StoreUnavailable)
                continue
            assert not isinstance(answer, BaseException)
            for key, admitted in zip(keys, answer, strict=True):
                assert admitted.duplicate == (key in kept)
                assert admitted.id == kept.setdefault(key, admitted.id)
                repeats[key] = repeats.get(key, 0) + admitted.duplicate
    found = await store.events(EventFilter(), None, 100)
    assert {e.event.dedup_key: e.event.id for e in found} == kept
    assert {e.event.dedup_key: e.event.duplicates for e in found} == repeats
    assert len(found) == len(kept)
    await bench.close()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(STEP, max_size=8))
def test_any_interleaving_keeps_each_key_once(steps: list[tuple[str, list[list[str]]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(Path(folder), steps))
