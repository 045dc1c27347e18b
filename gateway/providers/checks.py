"""What a rule's or a field's `when` asks: compiled to functions of the values at their places, or
written out as an expression where it is short.
"""

from collections.abc import Callable

from gateway.providers import kinds
from gateway.providers.declaration import Ref
from gateway.providers.markers import PRESENT, ZEROS, Mark, Not, Prefix, Same, Test
from gateway.providers.places import Places, Values, there
from gateway.providers.written import Written

Check = Callable[[Values], bool]


def check(ref: Ref, test: Test, places: Places) -> Check:
    """Whether what stands at a reference passes a test."""
    slot = places.slot(ref)
    if isinstance(test, Not):
        inner = check(ref, test.test, places)
        return lambda values: not inner(values)
    if isinstance(test, Same):
        other = places.slot(test.at)
        return lambda values: there(values[slot]) and values[slot] == values[other]
    if isinstance(test, Prefix):
        return _begins(slot, test.text)
    if isinstance(test, Mark):
        return _marked(slot, test)
    if isinstance(test, tuple):
        return lambda values: any(_equal(values[slot], one) for one in test)
    if isinstance(test, str):
        return lambda values: values[slot] == test
    return lambda values: _equal(values[slot], test)


def written(ref: Ref, test: Test, places: Places, to: Written) -> str:
    """The same as an expression, in a function with the values that `Places.write` names."""
    value = f"v{places.slot(ref)}"
    if isinstance(test, Prefix):
        return f"type({value}) is str and {value}.startswith({to.bind(test.text)})"
    if isinstance(test, bool):
        return f"{value} is {test}"
    if isinstance(test, str):
        return f"{value} == {to.bind(test)}"
    if isinstance(test, tuple) and all(isinstance(one, str) for one in test):
        return f"type({value}) is str and {value} in {to.bind(frozenset(test))}"
    if test is ZEROS:
        return f"type({value}) is str and {to.bind(kinds.zeros)}({value})"
    return f"{to.bind(check(ref, test, places))}(values)"


def _begins(slot: int, lead: str) -> Check:
    def begins(values: Values) -> bool:
        value = values[slot]
        return isinstance(value, str) and value.startswith(lead)

    return begins


def _marked(slot: int, mark: Mark) -> Check:
    if mark is ZEROS:

        def zeros(values: Values) -> bool:
            value = values[slot]
            return isinstance(value, str) and kinds.zeros(value)

        return zeros
    wanted = mark is PRESENT
    return lambda values: there(values[slot]) is wanted


def _equal(value: object, wanted: object) -> bool:
    """As JSON has it: `true` is not 1."""
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)
