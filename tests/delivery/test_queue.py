"""One target's queue: keys take turns, whatever one of them brings, and nothing of the store is lost."""

from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.delivery import queue as module
from gateway.delivery.queue import NOW, TargetQueue
from gateway.delivery.share import END, Place
from gateway.model.ids import Seq
from gateway.model.records import Due, Work
from tests.delivery.setting import work


def queue() -> TargetQueue:
    """One that knows all the store has: nothing."""
    one = TargetQueue("one")
    one.met([], more=False)
    for key, _ in one.hungry(9):
        one.loaded(key, END)
    return one


def due(seq: int, key: str | None = None, at: float = 0.0) -> Due:
    return Due(Seq(seq), "one", at, key)


def keys(one: TargetQueue, number: int, now: float = 1e9) -> list[str | None]:
    """Whose turn it is, so many times."""
    taken = []
    for _ in range(number):
        found = one.take(now)
        if found is None:
            break
        taken.append(found.delivery.fair_key if isinstance(found, Work) else found.key)
    return taken


def test_keys_take_turns_however_many_one_of_them_has() -> None:
    one = queue()
    for seq in range(1, 1001):
        one.add(due(seq, "loud"))
    one.add(due(1001, "a"))
    one.add(due(1002, "b"))
    assert Counter(keys(one, 5)) == {"loud": 3, "a": 1, "b": 1}


def test_fresh_ones_take_turns_with_old_ones_of_other_keys() -> None:
    one = queue()
    for seq in range(1, 101):
        one.add_fresh(work(seq, fair_key="loud"))
    one.add(due(200, "quiet"))
    assert "quiet" in keys(one, 2)


def test_one_without_a_key_has_its_turn_too() -> None:
    one = queue()
    for seq in range(1, 101):
        one.add(due(seq, "loud"))
    one.add(due(200, None))
    assert None in keys(one, 2)


def test_nothing_is_taken_before_its_time_and_the_time_is_said() -> None:
    one = queue()
    one.add(due(1, "a", 10.0))
    one.add(due(2, "b", 5.0))
    assert one.take(4.9) is None
    assert one.next_at() == 5.0
    assert keys(one, 9, 5.0) == ["b"]
    assert one.next_at() == 10.0
    assert keys(one, 9, 10.0) == ["a"]
    assert one.next_at() is None


def test_what_is_due_and_not_taken_is_due_now() -> None:
    one = queue()
    one.add(due(1, "a", 1.0))
    one.add(due(2, "a", 1.0))
    assert keys(one, 1) == ["a"]
    assert one.next_at() == NOW


def test_one_that_was_superseded_is_not_taken() -> None:
    one = queue()
    one.add(due(1, "a"))
    one.add(due(2, "a"))
    one.forget(Seq(1), "a")
    assert [found.seq for found in [one.take(1.0)] if isinstance(found, Due)] == [2]
    assert one.take(1.0) is None


def test_at_the_end_all_that_is_fresh_is_given_back() -> None:
    one = queue()
    for seq in range(1, 11):
        one.add_fresh(work(seq, fair_key=str(seq % 3)))
    assert one.fresh == 10
    assert len(list(one.drained())) == 10
    assert one.fresh == 0


def test_keys_that_have_nothing_left_are_not_remembered() -> None:
    one = queue()
    for seq in range(1, 1001):
        one.add(due(seq, f"k{seq}"))
    assert len(keys(one, 2000)) == 1000
    assert set(one._shares) == {None}


def test_memory_is_bounded_whatever_the_number_of_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHARES", 100)
    monkeypatch.setattr(module, "BACKLOG", 2000)
    one = queue()
    for seq in range(1, 50_001):
        one.add(due(seq, f"k{seq % 500}"))
    assert len(one) <= 2 * 2000
    assert len(one._shares) == 100
    assert not one.all_known


class StoreOf:
    """What a store has pending, by key; loads a queue as `loading` does."""

    def __init__(self, one: TargetQueue) -> None:
        self.one = one
        self.rows: dict[str | None, set[Place]] = defaultdict(set)

    def load(self, page: int = 3, keys: int = 4) -> None:
        one = self.one
        while one.wants_keys:
            after = one.known_to
            found = sorted(key for key, rows in self.rows.items()
                           if rows and key is not None and (after is None or key > after))  # fmt: skip
            one.met(found[:keys], more=len(found) >= keys)
        while wanted := one.hungry(3):
            for key, place in wanted:
                found = sorted(row for row in self.rows[key] if row > place)[:page]
                for at, seq in found:
                    one.add(Due(seq, "one", at, key))
                one.loaded(key, found[-1] if len(found) == page else END)


@given(
    st.lists(st.tuples(st.sampled_from([None, "", *"abcdefgh"]), st.integers(0, 30)), max_size=150),
    st.lists(st.sampled_from(["add", "add", "take", "load"]), max_size=300),
)
def test_whatever_happens_everything_comes_once_and_each_keys_earliest_first(
    coming: list[tuple[str | None, int]], steps: list[str]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BACKLOG", 12)
        patch.setattr(module, "LEAST", 2)
        patch.setattr(module, "SHARES", 6)
        one = TargetQueue("one")
        store = StoreOf(one)
        left = list(enumerate(coming, 1))
        taken: list[int] = []

        def take() -> None:
            found = one.take(1e9)
            if found is not None:
                assert isinstance(found, Due)
                mine = store.rows[found.key]
                (place,) = [row for row in mine if row[1] == found.seq]
                assert place == min(mine), "nothing of its key is earlier"
                mine.discard(place)
                taken.append(found.seq)

        for step in [*steps, *["add"] * len(coming)]:
            if step == "add" and left:
                seq, (key, at) = left.pop()
                store.rows[key].add((float(at), Seq(seq)))
                one.add(Due(Seq(seq), "one", float(at), key))
            elif step == "load" and one.wants:
                store.load()
            elif step == "take":
                take()
        for _ in range(3 * len(coming)):
            if one.wants:
                store.load()
            take()
        assert sorted(taken) == list(range(1, len(coming) + 1))
