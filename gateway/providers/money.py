"""Amounts as integers in the currency's minor unit (ISO 4217), never through floats."""

import re
from collections.abc import Mapping
from decimal import Context, Decimal
from types import MappingProxyType
from typing import Final

EXPONENTS: Final[MappingProxyType[str, int]] = MappingProxyType(
    dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND",
         "VUV", "XAF", "XOF", "XPF"),
        0,
    )
    | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)
    | dict.fromkeys(("CLF", "UYW"), 4)
)  # fmt: skip
"""ISO 4217's minor units where they are not 2."""

_LARGEST: Final = 10**18
_LONGEST: Final = 40
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
"""An exponent of more digits is no amount, and would overflow `Decimal`."""
_EXACT: Final = Context(prec=2 * _LONGEST)
"""The usual 28 digits would round a long amount to one that looks exact."""


def exponent(currency: str) -> int:
    """How many digits the minor unit has."""
    return EXPONENTS.get(currency, 2)


def from_minor(value: object, currency: str, own: Mapping[str, int]) -> int | None:
    """An integer in the sender's minor unit, in ISO 4217's. own: where the sender's differs."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    theirs = own.get(currency, exponent(currency))
    return _scaled(Decimal(value), exponent(currency) - theirs)


def from_decimal(value: object, currency: str) -> int | None:
    """A decimal number in major units. A JSON number is read by its shortest text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = value.strip() if isinstance(value, str) else repr(value)
    if len(text) > _LONGEST or _NUMBER.fullmatch(text) is None:
        return None
    return _scaled(Decimal(text), exponent(currency))


def _scaled(number: Decimal, by: int) -> int | None:
    moved = number.scaleb(by, _EXACT)
    if abs(moved) > _LARGEST or moved != moved.to_integral_value():
        return None
    return int(moved)
