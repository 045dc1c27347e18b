"""What a rule's or a field's `when` asks, compiled to functions of the values at their places."""

from collections.abc import Callable

from gateway.providers import kinds
from gateway.providers.declaration import Ref
from gateway.providers.markers import ABSENT, PRESENT, ZEROS, Not, Prefix, Same, Test
from gateway.providers.places import Places, Values, there

Check = Callable[[Values], bool]


def check(ref: Ref, test: Test, places: Places) -> Check:
    """Whether what stands at a reference passes a test."""
    slot = places.slot(ref)
    if isinstance(test, str):
        return lambda values: values[slot] == test
    if isinstance(test, Same):
        other = places.slot(test.at)
        return lambda values: there(values[slot]) and values[slot] == values[other]
    if isinstance(test, Not):
        inner = check(ref, test.test, places)
        return lambda values: not inner(values)
    judge = _judge(test)
    return lambda values: judge(values[slot])


def _judge(test: Test) -> Callable[[object], bool]:
    if test is PRESENT:
        return there
    if test is ABSENT:
        return lambda value: not there(value)
    if test is ZEROS:
        return lambda value: isinstance(value, str) and kinds.zeros(value)
    if isinstance(test, Prefix):
        lead = test.text
        return lambda value: isinstance(value, str) and value.startswith(lead)
    if isinstance(test, tuple):
        return lambda value: any(_equal(value, one) for one in test)
    return lambda value: _equal(value, test)


def _equal(value: object, wanted: object) -> bool:
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)
