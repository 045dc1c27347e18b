"""JSON Schemas of the normalized fields (`data.event`), one file a family of types.

Only the loader lives here; the files are written by `python -m gateway.schemas.build`.
"""

import json
from functools import cache
from importlib import resources

__all__ = ["families", "load"]


@cache
def families() -> tuple[str, ...]:
    """The families that have a schema, sorted."""
    files = resources.files(__name__).iterdir()
    return tuple(sorted(file.name[:-5] for file in files if file.name.endswith(".json")))


def load(family: str) -> dict[str, object]:
    """A family's schema (draft 2020-12), a fresh copy. Raises `KeyError` for an unknown family."""
    if family not in families():
        raise KeyError(family)
    text = resources.files(__name__).joinpath(f"{family}.json").read_text("utf-8")
    schema: dict[str, object] = json.loads(text)
    return schema
