"""Amounts as integers in the currency's minor unit (ISO 4217), never through floats."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
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
    if len(text) > 40 or "_" in text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return _scaled(number, exponent(currency)) if number.is_finite() else None


def _scaled(number: Decimal, by: int) -> int | None:
    moved = number.scaleb(by)
    if abs(moved) > _LARGEST or moved != moved.to_integral_value():
        return None
    return int(moved)
