"""The memory of recent keys: bounded whatever comes, and what came last is always in it."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.model.ids import EventId, KeyDigest, Seq
from gateway.store.sqlite.recent import Kept, RecentKeys

LIMIT = 10
COMMITS = st.lists(st.lists(st.integers(0, 60), max_size=7, unique=True), max_size=60)


def _key(number: int) -> KeyDigest:
    return KeyDigest(number.to_bytes(16))


def _kept(number: int) -> Kept:
    return Kept(Seq(number), EventId(f"evt_{number}"))


def _add(recent: RecentKeys, *numbers: int) -> None:
    recent.add([(_key(one), _kept(one)) for one in numbers])


@given(COMMITS)
def test_it_stays_within_its_bound_and_knows_the_latest_half(commits: list[list[int]]) -> None:
    recent, order = RecentKeys(LIMIT), list[int]()
    for commit in commits:
        _add(recent, *commit)
        order = [one for one in order if one not in commit] + commit
        assert len(recent) <= LIMIT + 2 * max(map(len, commits))
        for one in order[-LIMIT // 2 :]:
            assert recent.get(_key(one)) == _kept(one)


def test_a_key_that_is_used_again_outlives_those_that_came_with_it() -> None:
    recent = RecentKeys(LIMIT)
    _add(recent, *range(LIMIT))
    for number in range(100, 100 + 3 * LIMIT):
        _add(recent, 7, number)
    found = [one for one in range(LIMIT) if recent.get(_key(one)) is not None]
    assert found == [7]


def test_what_is_full_goes_on_with_as_many_keys() -> None:
    recent = RecentKeys(LIMIT)
    sizes = set()
    for number in range(10 * LIMIT):
        _add(recent, number)
        sizes.add(len(recent) if number >= LIMIT else LIMIT)
    assert sizes == {LIMIT}


def test_what_was_pruned_is_not_known_in_any_part_of_it() -> None:
    recent = RecentKeys(LIMIT)
    for number in range(25):
        _add(recent, number)
    recent.forget(_key(number) for number in range(25))
    assert len(recent) == 0
    assert all(recent.get(_key(number)) is None for number in range(25))
