"""Changes within a shape: in JSON a value becomes another one, comes twice, goes, or sinks deeper.

Bytes changed at random break JSON at once and so never reach what reads its values.
"""

import copy
import json
from random import Random

from tests.fuzz.shapes import ODD

_DEEP = 100_000
"""Characters: a larger document is left to the byte engine."""


def json_behind_a_head(data: bytes, random: Random) -> bytes | None:
    """A message with its JSON body changed."""
    head, cut, body = data.partition(b"\n\n")
    changed = json_text(body, random)
    return None if changed is None else head + cut + changed


def json_text(text: bytes, random: Random) -> bytes | None:
    """A JSON text changed in one to four places; None: it is none."""
    if len(text) > _DEEP:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    for _ in range(random.choice((1, 1, 2, 4))):
        value = _changed(value, random)
    separators = random.choice(((",", ":"), (", ", ": "), (" , ", " : ")))
    try:
        written = json.dumps(value, ensure_ascii=random.random() < 0.3, separators=separators)
        if random.random() < 0.1:
            written = _doubled(written, random)
        return written.encode("utf-8", "surrogatepass") if len(written) <= _DEEP else None
    except (ValueError, RecursionError):
        return None


def _changed(root: object, random: Random) -> object:
    places = list(_places(root))
    if not places:
        return _other(root, root, random)
    parent, key = random.choice(places)
    how = random.randrange(6)
    if how == 0:
        del parent[key]
    elif how == 1 and isinstance(parent, dict):
        parent[random.choice((key + "_", "id", "type", "object", key.upper()))] = parent[key]
    elif how == 1:
        parent.append(copy.deepcopy(parent[key]))
    elif how == 2:
        other, there = random.choice(places)
        parent[key] = copy.deepcopy(other[there]) if there in other or _in(other, there) else None
    else:
        parent[key] = _other(parent[key], root, random)
    return root


def _in(parent: object, key: object) -> bool:
    return isinstance(parent, list) and isinstance(key, int) and key < len(parent)


def _other(value: object, root: object, random: Random) -> object:
    choices = (
        lambda: random.choice(ODD),
        lambda: random.choice((None, True, False, 0, 1, -1, 1.5, 1e308, 2**63, -(2**63), 10**15)),
        lambda: [copy.deepcopy(value)],
        lambda: {"": copy.deepcopy(value), "id": 1},
        lambda: value + random.choice(ODD) if isinstance(value, str) else str(value),
        lambda: value[: len(value) // 2] if isinstance(value, str) else [],
        lambda: value + random.choice((1, -1, 10**6)) if type(value) is int else {},
        lambda: value.swapcase() if isinstance(value, str) else copy.deepcopy(root),
    )
    return random.choice(choices)()


def _places(value: object):
    stack = [value]
    while stack:
        here = stack.pop()
        keys = (
            here.keys()
            if isinstance(here, dict)
            else range(len(here))
            if isinstance(here, list)
            else ()
        )
        for key in list(keys):
            yield here, key
            stack.append(here[key])


def _doubled(text: str, random: Random) -> str:
    """With some object's first key written twice."""
    at = [i for i, sign in enumerate(text) if sign == "{" and text[i + 1 : i + 2] == '"']
    if not at:
        return text
    here = random.choice(at)
    end = text.find('"', here + 2)
    return f"{text[: here + 1]}{text[here + 1 : end + 1]}: {random.choice(('1', 'null', '[]'))}, {text[here + 1 :]}"
