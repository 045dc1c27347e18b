"""Sample requests of each sender: loading them, and making an event of one that is new.

The samples are data in `samples/<provider>/*.json`, unsigned: `sign` signs them. Nothing here
knows a sender; what must change for a new event follows from its declaration.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from gateway.providers.declaration import Declaration, Ref, names
from gateway.providers.pointers import steps

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Sample:
    """One request as a sender makes it, before it is signed."""

    name: str
    """What people call it: `gateway send github push`."""
    headers: tuple[tuple[str, str], ...]
    """Beside Content-Type and the signature's own."""
    content_type: str
    body: bytes


@cache
def load(provider: str) -> tuple[Sample, ...]:
    """A provider's samples, by name. Raises `KeyError` if there is no such folder."""
    folders = resources.files("gateway.providers").joinpath("samples").iterdir()
    folder = {one.name: one for one in folders if one.is_dir()}.get(provider.replace("-", "_"))
    if folder is None:
        raise KeyError(provider)
    files = sorted(file.name for file in folder.iterdir() if file.name.endswith(".json"))
    return tuple(_read(folder.joinpath(name).read_text("utf-8")) for name in files)


def _read(text: str) -> Sample:
    """One file: {"name", "headers", "content_type", "body"}; a body that is text is sent as is."""
    entry = json.loads(text)
    body = entry["body"]
    return Sample(
        name=entry["name"],
        headers=tuple(entry["headers"].items()),
        content_type=entry["content_type"],
        body=(body if isinstance(body, str) else _dump(body)).encode(),
    )


# ---------------------------------------------------------------- a new event


def fresh(
    sample: Sample, declaration: Declaration, *, now: float, ids: Callable[[], str]
) -> Sample:
    """The same thing happening again: with an id of its own, now.

    now: unix seconds. ids: gives 32 hexadecimal digits that it never gave before. The old id's form
    is kept (a UUID, a prefix such as `evt_`). Where the body's hash is the id, the body gets a key
    `sample` that holds the new id, or blanks at its end if it is no object.
    """
    unique = ids()
    refs = [ref for key in declaration.id for ref in ((key,) if isinstance(key, str) else key)]
    named = names(declaration.id)
    headers = tuple(
        (name, _like(value, unique) if name.lower() in named else value)
        for name, value in sample.headers
    )
    document = _parse(sample, declaration.form_field)
    changes = [_change(document, ref, lambda old: _like(str(old), unique)) for ref in refs]
    identified = headers != sample.headers or any(changes)
    changes += [_change(document, ref, lambda old: _at(old, now)) for ref in _times(declaration)]
    if not identified and isinstance(document, dict):
        document["sample"] = unique
    elif not identified:
        blanks = f"{int(unique, 16):0128b}".replace("0", " ").replace("1", "\t")
        return replace(sample, body=sample.body + blanks.encode())
    elif not any(changes):
        return replace(sample, headers=headers)
    return replace(sample, headers=headers, body=_write(sample, document, declaration.form_field))


def _times(declaration: Declaration) -> set[Ref]:
    """Everywhere this sender may say when it happened."""
    readings = [declaration.time, *(rule.time for rule in declaration.rules)]
    fields = [
        field
        for reading in readings
        if reading is not None
        for field in (reading if isinstance(reading, tuple) else (reading,))
    ]
    return {ref for field in fields for ref in field.at}


def _change(document: object, ref: Ref, how: Callable[[object], object]) -> bool:
    """Replaces the value that `ref` names in the body; whether there was one."""
    way = _steps(ref)
    for step in way[:-1]:
        document = _child(document, step)
    if not way or _child(document, way[-1]) is None:
        return False
    match document:
        case dict():
            document[way[-1]] = how(document[way[-1]])
        case list():
            document[int(way[-1])] = how(document[int(way[-1])])
    return True


def _steps(ref: Ref) -> list[str]:
    """The keys on the way to a value; none for what does not stand in the body."""
    if ref.startswith("header."):
        return []
    pointer = ref.removeprefix("body.").removeprefix("root.")
    if not pointer.startswith("/"):
        return pointer.split(".")
    return steps(pointer)


def _child(value: object, step: str) -> object:
    match value:
        case dict():
            return value.get(step)
        case list() if step.isdecimal() and int(step) < len(value):
            return value[int(step)]
        case _:
            return None


# ---------------------------------------------------------------- values and bodies


def _like(old: str, unique: str) -> str:
    """A new id in the form of the old one."""
    try:
        UUID(old)
    except ValueError:
        head, cut, _ = old.rpartition("_")
        return head + cut + unique
    return str(UUID(unique))


def _at(old: object, now: float) -> object:
    """Now, written as the old time is."""
    if isinstance(old, int | float):
        # A second-based time has ten digits until the year 2286.
        return int(now * 1000) if old > 10**11 else int(now)
    moment = datetime.fromtimestamp(int(now), UTC)
    if re.fullmatch(r"\S+ \S+ UTC", str(old)):
        return moment.strftime("%Y-%m-%d %H:%M:%S UTC")
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _parse(sample: Sample, form_field: str) -> object:
    text = sample.body.decode()
    if sample.content_type.startswith(FORM):
        form = dict(parse_qsl(text, keep_blank_values=True))
        if form_field not in form:
            return form
        text = form[form_field]
    try:
        return json.loads(text)
    except ValueError:
        return None


def _write(sample: Sample, document: object, form_field: str) -> bytes:
    if not sample.content_type.startswith(FORM):
        return _dump(document).encode()
    form = dict(parse_qsl(sample.body.decode(), keep_blank_values=True))
    if form_field in form:
        return urlencode({**form, form_field: _dump(document)}).encode()
    return urlencode(document if isinstance(document, dict) else {}).encode()


def _dump(document: object) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)
