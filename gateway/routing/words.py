"""The methods, filters and tests an expression may use: three tables. Syntax is not known here."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from gateway.errors import ExpressionFailed
from gateway.routing.budget import Budget
from gateway.routing.comparing import charge_search
from gateway.routing.values import (
    LONG,
    MAX_BITS,
    MISSING,
    absent,
    kind,
    text_of,
    to_json,
)

Action = Callable[[object, Sequence[object], Budget], object]

_INTEGER = re.compile(r"[+-]?[0-9]{1,77}", re.ASCII)  # 77 digits fit into 256 bits
_FLOAT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?", re.ASCII)
_MAX_NUMBER_TEXT = 100


@dataclass(frozen=True, slots=True)
class Word:
    """A method, filter or test.

    least, most: how many arguments it takes. literal: they must be literals.
    """

    act: Action
    least: int = 0
    most: int = 0
    literal: bool = False


def _text(value: object, name: str) -> str | None:
    """The text a word works on; None where it is absent."""
    if isinstance(value, str):
        return value
    if absent(value):
        return None
    raise ExpressionFailed(f"`{name}` needs text, not {kind(value)}")


def _begins(value: object, arguments: Sequence[object], budget: Budget) -> object:
    text, part = _text(value, "startswith"), _text(arguments[0], "startswith")
    if text is None or part is None:
        return MISSING
    budget.spend(len(part) // LONG)
    return text.startswith(part)


def _ends(value: object, arguments: Sequence[object], budget: Budget) -> object:
    text, part = _text(value, "endswith"), _text(arguments[0], "endswith")
    if text is None or part is None:
        return MISSING
    budget.spend(len(part) // LONG)
    return text.endswith(part)


def _charge_case(text: str, budget: Budget) -> None:
    # Other letters go through tables, one by one, and may become several.
    budget.spend(len(text) // (256 if text.isascii() else 16))


def _lower(value: object, _arguments: Sequence[object], budget: Budget) -> object:
    text = _text(value, "lower")
    if text is None:
        return MISSING
    _charge_case(text, budget)
    return text.lower()


def _upper(value: object, _arguments: Sequence[object], budget: Budget) -> object:
    text = _text(value, "upper")
    if text is None:
        return MISSING
    _charge_case(text, budget)
    return text.upper()


def _strip(value: object, _arguments: Sequence[object], budget: Budget) -> object:
    text = _text(value, "strip")
    if text is None:
        return MISSING
    budget.spend(len(text) // 64)
    return text.strip()


def _split(value: object, arguments: Sequence[object], budget: Budget) -> object:
    text = _text(value, "split")
    separator = _text(arguments[0], "split") if arguments else None
    if text is None or (arguments and separator is None):
        return MISSING
    if separator == "":
        raise ExpressionFailed("`split` needs a separator that is not empty")
    budget.spend(len(text) // 64)
    if separator is not None:
        charge_search(text, separator, budget)
    parts = text.split(separator, max(budget.steps, 0))
    budget.spend(len(parts))
    return parts


def _length(value: object, _arguments: Sequence[object], _budget: Budget) -> object:
    if isinstance(value, str | list | dict):
        return len(value)
    if absent(value):
        return MISSING
    raise ExpressionFailed(f"`length` needs text, a list or a mapping, not {kind(value)}")


def _default(value: object, arguments: Sequence[object], _budget: Budget) -> object:
    every_false = len(arguments) > 1 and arguments[1] is True
    if absent(value) or (every_false and not value):
        return arguments[0] if arguments else ""
    return value


def _end_of(value: object, index: int, name: str) -> object:
    if isinstance(value, str | list):
        return value[index] if value else MISSING
    if absent(value):
        return MISSING
    raise ExpressionFailed(f"`{name}` needs a list or text, not {kind(value)}")


def _first(value: object, _arguments: Sequence[object], _budget: Budget) -> object:
    return _end_of(value, 0, "first")


def _last(value: object, _arguments: Sequence[object], _budget: Budget) -> object:
    return _end_of(value, -1, "last")


def _number_text(value: str, pattern: re.Pattern[str], budget: Budget) -> str | None:
    if len(value) > _MAX_NUMBER_TEXT:
        return None
    budget.spend(2 + len(value) // 16)
    text = value.strip()
    return text if pattern.fullmatch(text) else None


def _int(value: object, arguments: Sequence[object], budget: Budget) -> object:
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float) and abs(value) < 2.0**256:  # false for NaN too
        return int(value)
    if isinstance(value, str):
        text = _number_text(value, _INTEGER, budget)
        if text is not None:
            return int(text)
    return _no_number(value, arguments, "int")


def _float(value: object, arguments: Sequence[object], budget: Budget) -> object:
    if isinstance(value, float):
        return value
    if isinstance(value, int) and value.bit_length() <= MAX_BITS:
        return float(value)
    if isinstance(value, str):
        text = _number_text(value, _FLOAT, budget)
        if text is not None and abs(number := float(text)) < float("inf"):
            return number
    return _no_number(value, arguments, "float")


def _no_number(value: object, arguments: Sequence[object], name: str) -> object:
    if arguments:
        return arguments[0]
    if absent(value):
        return MISSING
    raise ExpressionFailed(f"`{name}` cannot read {kind(value)} of this form as a number")


def _string(value: object, _arguments: Sequence[object], budget: Budget) -> object:
    return text_of(value, budget)


def _tojson(value: object, _arguments: Sequence[object], budget: Budget) -> object:
    return to_json(value, budget)


def _join(value: object, arguments: Sequence[object], budget: Budget) -> object:
    if absent(value):
        return MISSING
    if not isinstance(value, list):
        raise ExpressionFailed(f"`join` needs a list, not {kind(value)}")
    separator = arguments[0] if arguments else ""
    assert isinstance(separator, str)  # noqa: S101 - checked when the file is read
    budget.spend(len(value))
    budget.emit(max(len(value) - 1, 0) * len(separator))
    parts = []
    for part in value:
        text = text_of(part, budget)
        budget.emit(len(text))
        parts.append(text)
    return separator.join(parts)


def _is_defined(value: object, _arguments: Sequence[object], _budget: Budget) -> object:
    return value is not MISSING


def _is_none(value: object, _arguments: Sequence[object], _budget: Budget) -> object:
    return value is None


METHODS: Mapping[str, Word] = MappingProxyType(
    {
        "startswith": Word(_begins, 1, 1),
        "endswith": Word(_ends, 1, 1),
        "lower": Word(_lower),
        "upper": Word(_upper),
        "strip": Word(_strip),
        "split": Word(_split, 0, 1),
    }
)
"""Methods of text. Called on anything else they are missing or fail: see `compiler`."""

FILTERS: Mapping[str, Word] = MappingProxyType(
    {
        "lower": Word(_lower),
        "upper": Word(_upper),
        "length": Word(_length),
        "default": Word(_default, 0, 2),
        "first": Word(_first),
        "last": Word(_last),
        "trim": Word(_strip),
        "int": Word(_int, 0, 1),
        "float": Word(_float, 0, 1),
        "string": Word(_string),
        "tojson": Word(_tojson),
        "join": Word(_join, 0, 1, literal=True),
    }
)
"""Filters. Of an absent value each is missing, but: default, string (empty), tojson (`null`)."""

TESTS: Mapping[str, Word] = MappingProxyType({"defined": Word(_is_defined), "none": Word(_is_none)})
"""Tests after `is`; `in` is the operator's other spelling."""
