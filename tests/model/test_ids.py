"""Names of events and deliveries: rising, never twice, and not to be guessed."""

import itertools
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.model import chance, ids


def test_names_rise_within_a_process_and_are_ulids() -> None:
    made = [ids.new_event_id() for _ in range(5000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert all(re.fullmatch(r"evt_[0-7][0-9A-HJKMNP-TV-Z]{25}", name) for name in made)


def test_names_rise_though_the_clock_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([5_000_000_000, 5_000_000_000, 1_000_000, 0, 5_001_000_000])
    monkeypatch.setattr(ids.time, "time_ns", lambda: next(moments))
    ulids = ids._Ulids()
    made = [ulids.next() for _ in range(5)]
    assert made == sorted(set(made))
    assert made[4][:10] > made[0][:10]


def test_the_time_stands_first_as_the_specification_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The example of https://github.com/ulid/javascript: 1469918176385 is 01ARYZ6S41.
    monkeypatch.setattr(ids.time, "time_ns", lambda: 1469918176385 * 1_000_000)
    assert ids._Ulids().next()[:10] == "01ARYZ6S41"


def test_names_rise_where_half_of_the_chance_runs_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids.time, "time_ns", lambda: 10**18)
    monkeypatch.setattr(ids.chance, "number", lambda: 2**chance.BITS - 1)
    ulids = ids._Ulids()
    made = [ulids.next() for _ in range(600)]  # each step is 2**32, and half has 40 bits
    assert made == sorted(set(made))
    assert len({name[:18] for name in made}) > 2


def test_ids_of_one_millisecond_are_not_countable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids.time, "time_ns", lambda: 10**18)
    ulids = ids._Ulids()
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

    def number(text: str) -> int:
        value = 0
        for letter in text:
            value = value * 32 + alphabet.index(letter)
        return value

    made = [number(ulids.next()) for _ in range(100)]
    steps = {after - before for before, after in itertools.pairwise(made)}
    assert len(steps) > 90
    assert min(steps) > 0


def test_no_number_of_chance_is_given_twice_to_many_threads() -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: [chance.number() for _ in range(2000)], range(8)))
    numbers = [number for some in taken for number in some]
    assert len(set(numbers)) == len(numbers) == 16_000
    assert max(numbers) >> chance.BITS - 4 == 15
    assert max(numbers) >> chance.BITS == 0


def test_no_digits_of_chance_are_given_twice_to_many_threads() -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: [chance.digits() for _ in range(500)], range(8)))
    texts = [text for some in taken for text in some]
    assert len(set(texts)) == len(texts) == 4000
    assert {len(text) for text in texts} == {chance.DIGITS}
    assert len({text[at : at + 16] for text in texts for at in (0, 16, 32)}) == 12_000
