"""The kinds of values that shapes are made of: texts with a unit, names, and the mapping itself."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from gateway.config import values

DAY = 86_400.0


def _text(parse: Any, kind: str) -> BeforeValidator:  # Any: pydantic's own validator type
    def read(value: object) -> object:
        if isinstance(value, str):
            return parse(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"not a {kind}")  # noqa: TRY004  # pydantic takes ValueError only
        raise ValueError(f"{value} has no unit: {kind}s are written like {_LIKE[kind]}")

    return BeforeValidator(read, json_schema_input_type=str)


_LIKE = {"duration": "500ms, 5s, 5m, 24h or 30d", "size": "64KiB or 25MB", "rate": "100/s or 600/m"}
_SHOWN = PlainSerializer(str, return_type=str)
Duration = Annotated[
    float, _text(values.duration, "duration"), _SHOWN, Field(examples=["500ms", "5m", "30d"])
]
Size = Annotated[int, _text(values.size, "size"), _SHOWN, Field(examples=["64KiB", "25MB"])]
Rate = Annotated[float, _text(values.rate, "rate"), _SHOWN, Field(examples=["100/s", "600/m"])]
Name = Annotated[str, Field(pattern=rf"^{values.NAME.pattern}$")]


def something(size: int) -> int:
    """Refuses nothing at all."""
    if size <= 0:
        raise ValueError("a size of more than nothing is wanted")
    return size


def whole(value: object) -> object:
    """A variable's text as the number it is."""
    if isinstance(value, values.Substituted) and value.isdecimal() and len(value) <= 18:
        return int(value)
    return value


def _truth(value: object) -> object:
    if isinstance(value, values.Substituted):
        return {"true": True, "false": False}.get(value, value)
    return value


Some = Annotated[list[str], Field(min_length=1)]
Whole = Annotated[int, BeforeValidator(whole)]
Truth = Annotated[bool, BeforeValidator(_truth)]
"""Written as such, or as one `${NAME}` that holds such a text."""


class Shape(BaseModel):
    """A mapping of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)
