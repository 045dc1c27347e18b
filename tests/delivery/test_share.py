"""One share of a queue: the earliest are always here, and neither fresh nor old ones starve."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.delivery.share import END, OLD_SHARE, START, Share
from gateway.model.ids import Seq
from gateway.model.records import Due, Work
from tests.delivery.setting import work


def queue(*due: tuple[float, int], most: int = 1000) -> Share:
    one = Share(None, END)
    for at, seq in due:
        one.add(Due(Seq(seq), "one", at), most)
    return one


def drained(one: Share, now: float = 1e12) -> list[object]:
    taken = []
    while (next_one := one.take(now)) is not None:
        taken.append(next_one)
    return taken


@given(st.lists(st.tuples(st.floats(0, 1e6), st.integers(1, 10_000)), unique_by=lambda p: p[1]))
def test_old_ones_come_in_the_order_they_are_due(due: list[tuple[float, int]]) -> None:
    assert drained(queue(*due)) == [seq for _, seq in sorted(due)]


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(1, 20))))
def test_a_delivery_heard_of_twice_is_taken_once(due: list[tuple[float, int]]) -> None:
    assert sorted(drained(queue(*due))) == sorted({seq for _, seq in due})


def test_what_was_read_before_it_is_looked_again_is_not_all() -> None:
    one = Share(None, START)
    one.loading = True
    one.look_again()
    one.loaded(END, 1000)
    assert one.hungers(1000)
    one.loading = True
    one.loaded(END, 1000)
    assert not one.hungers(1000)


def test_nothing_is_taken_before_its_time() -> None:
    one = queue((10.0, 1))
    assert one.take(9.9) is None
    assert one.next_at() == 10.0
    assert one.take(10.0) == 1
    assert one.next_at() is None


def test_a_person_who_does_not_want_to_wait_leaves_no_second_place_behind() -> None:
    one = queue((1000.0, 1))
    one.add(Due(Seq(1), "one", 5.0), 1000)
    assert one.take(5.0) == 1
    one.add(Due(Seq(1), "one", 2000.0), 1000)
    assert one.take(1500.0) is None


def test_of_each_five_one_is_old_and_four_are_fresh() -> None:
    one = queue(*((0.0, seq) for seq in range(1, 1001)))
    one.fresh.extend(work(10_000 + n) for n in range(1000))
    taken = [one.take(1.0) for _ in range(500)]
    old = sum(1 for each in taken if not isinstance(each, Work))
    assert old == 500 // OLD_SHARE


def test_what_is_not_due_takes_no_turn_of_the_fresh() -> None:
    one = queue((100.0, 1))
    one.fresh.extend(work(10 + n) for n in range(20))
    assert all(isinstance(one.take(1.0), Work) for _ in range(20))


def test_past_the_bound_the_latest_are_left_to_the_store() -> None:
    one = queue(*((float(1000 - seq), seq) for seq in range(1, 500)), most=10)
    assert len(one) <= 20
    assert one.complete_to != END
    assert drained(one)[0] == 499


def test_what_is_due_now_is_not_shut_out_by_what_is_due_later() -> None:
    one = queue(*((5000.0, seq) for seq in range(1, 500)), most=10)
    one.add(Due(Seq(900), "one", 1.0), 10)
    assert one.take(1.0) == 900


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=120),
    st.lists(st.sampled_from(["add", "take", "load"]), max_size=300),
)
def test_whatever_happens_everything_comes_and_the_earliest_known_first(
    times: list[int], steps: list[str]
) -> None:
    one, store, coming = Share(None, START), set[tuple[float, Seq]](), list(enumerate(times, 1))
    taken: list[object] = []

    def load() -> None:
        if not one.hungers(10):
            return
        one.loading, to = True, one.complete_to
        while len(one) < 10 and to != END:
            page = sorted(place for place in store if place > to)[:4]
            for at, seq in page:
                one.add(Due(seq, "one", at), 10)
            to = page[-1] if len(page) == 4 else END
        one.loaded(to, 10)

    def take() -> None:
        seq = one.take(1e9)
        if seq is not None:
            place = next(place for place in store if place[1] == seq)
            assert place == min(store), "nothing in the store is earlier"
            store.discard(place)
            taken.append(seq)

    for step in [*steps, *["add"] * len(times)]:
        if step == "add" and coming:
            seq, at = coming.pop()
            store.add((float(at), Seq(seq)))
            one.add(Due(Seq(seq), "one", float(at)), 10)
        elif step == "load":
            load()
        elif step == "take" and one.complete_to != START:
            take()
    while store:
        load()
        take()
    assert sorted(taken) == list(range(1, len(times) + 1))
