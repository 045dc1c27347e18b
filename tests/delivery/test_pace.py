"""Slow start and slowing down: the curves that docs/delivery.md prints."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.delivery.pace import FREE, PAUSE_MOST, Pace, restarted, slowed, taken

T = 1_790_000_000.0


def rounds(pace: Pace, most: int, number: int) -> list[int]:
    """The slots of each round trip in which every attempt is taken."""
    found = []
    for _ in range(number):
        slots = int(min(pace.slots, most))
        found.append(slots)
        for _ in range(slots):
            pace = taken(pace, most)
    return found


def test_a_target_that_is_back_starts_slowly_and_doubles() -> None:
    assert rounds(restarted(Pace()), 50, 8) == [1, 2, 4, 8, 16, 32, 50, 50]
    assert rounds(restarted(Pace()), 1, 3) == [1, 1, 1]


def test_a_target_that_says_too_much_gets_half_and_then_one_more_a_round() -> None:
    pace = slowed(Pace(), 16, T)
    assert rounds(pace, 16, 9) == [8, 9, 10, 11, 12, 13, 14, 15, 16]


def test_the_answers_of_one_overload_cut_once() -> None:
    pace = slowed(Pace(), 16, T)
    for moment in (0.0, 0.2, 0.9):
        pace = slowed(pace, 16, T + moment)
    assert pace.slots == 8
    assert slowed(pace, 16, T + 1.0).slots == 4


def test_at_one_slot_the_pauses_grow_to_their_bound_and_end_with_success() -> None:
    pace, now, waits = Pace(slots=1.0, knee=1.0), T, []
    for _ in range(8):
        pace = slowed(pace, 16, now)
        waits.append(pace.until - now)
        now = pace.until
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]
    assert taken(pace, 16).pause == 0
    again = slowed(taken(pace, 16), 16, now)
    assert slowed(again, 16, now + 1).until == now + 2


def test_a_retry_after_is_waited_for_by_all_and_has_a_bound() -> None:
    assert slowed(Pace(), 16, T, asked=20.0).until == T + 20
    assert slowed(Pace(), 16, T, asked=1e9).until == T + 300
    once = slowed(Pace(), 16, T)
    assert slowed(once, 16, T + 0.1, asked=20.0).until == T + 20.1, "within the second too"


@given(
    st.integers(1, 100),
    st.lists(st.tuples(st.booleans(), st.floats(0, 5), st.floats(0, 1e6)), max_size=200),
)
def test_whatever_is_said_a_target_has_a_slot_and_comes_back_to_all_of_them(
    most: int, said: list[tuple[bool, float, float]]
) -> None:
    pace, now = Pace(), T
    for well, passes, asked in said:
        now += passes
        pace = taken(pace, most) if well else slowed(pace, most, now, asked)
        assert pace.slots >= 1
        assert pace.until <= now + 300
        assert pace.pause <= PAUSE_MOST
    for _ in range(most * most + 1):
        pace = taken(pace, most)
    assert pace.slots == FREE
