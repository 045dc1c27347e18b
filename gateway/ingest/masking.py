"""What senders trust us with is not kept: secrets are replaced before anything stores or shows them.

Headers by name, body fields by pointer. What a secret is says the scheme and the declaration; only
for refused requests, which may come to the wrong path, a name is also guessed from.
"""

import json
import re
from collections.abc import Sequence
from urllib.parse import quote_plus, urlencode

from gateway.model.request import Headers, RawHeaders
from gateway.plan.secrets import ALWAYS, Secrets
from gateway.providers.payload import FORM, read
from gateway.providers.pointers import at, follow, steps

_SUSPECT = re.compile(rb"token|secret|pass|auth|cookie|api-?key|credential")
_DISTINCT = 8
"""Characters: shorter values stand in too many places that are not the secret."""


def mask_text(label: str) -> str:
    """What stands where a secret stood."""
    return f"[secret: {label}]"


def mask_headers(headers: Headers, secret: frozenset[bytes], label: str) -> Headers:
    """The headers with every secret value replaced.

    label: of the key that fitted; empty: the header's own name is the label.
    """
    return Headers(
        tuple(
            (name, _mask(name, label if name.lower() in secret else ""))
            if name.lower() in secret or name.lower() in ALWAYS
            else (name, value)
            for name, value in headers.pairs
        )
    )


def mask_refused(pairs: RawHeaders, secret: frozenset[bytes] = frozenset()) -> RawHeaders:
    """The headers of a request nobody vouches for: what looks like a secret is one."""
    return tuple(
        (name, _mask(name, ""))
        if (key := name.lower()) in secret or key in ALWAYS or _SUSPECT.search(key)
        else (name, value)
        for name, value in pairs
    )


def _mask(name: bytes, label: str) -> bytes:
    return mask_text(label or name.decode("latin-1").lower()).encode("latin-1", "replace")


def mask_body(
    body: bytes, parsed: object, secrets: Secrets, label: str, content_type: str
) -> bytes:
    """The body with the values under the declared pointers replaced.

    Only the values' own bytes change, wherever they stand; where they cannot be found (written in
    an odd way), the parsed form takes the body's place.
    """
    found = {
        pointer: value
        for pointer in secrets.pointers
        if (value := at(parsed, pointer)) not in (None, "")
    }
    if not found:
        return body
    form = content_type.partition(";")[0].strip().lower() == FORM
    spell = _in_form if form else _in_json
    mask = mask_text(label or "body")
    for value in found.values():
        if isinstance(value, str) and len(value) >= _DISTINCT:
            for written in spell(value):
                body = body.replace(written, spell(mask)[0])
    masked = read(body, content_type, secrets.form_field).value
    if all(at(masked, pointer) == mask for pointer in found):
        return body
    return _written(_replaced(parsed, secrets.pointers, mask), secrets.form_field if form else None)


def _in_json(value: str) -> tuple[bytes, ...]:
    plain = json.dumps(value)
    raw = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    # PHP writes every slash with a backslash.
    return (plain.encode(), raw, plain.replace("/", "\\/").encode())


def _in_form(value: str) -> tuple[bytes, ...]:
    inner = json.dumps(value)[1:-1]
    return (
        quote_plus(value).encode(),
        quote_plus(inner).encode(),
        value.encode("utf-8", "replace"),
    )


def _replaced(value: object, pointers: Sequence[str], mask: str) -> object:
    copy = json.loads(json.dumps(value))
    for pointer in pointers:
        *way, last = steps(pointer) or [""]
        parent = follow(copy, way)
        if isinstance(parent, dict) and last in parent:
            parent[last] = mask
    return copy


def _written(value: object, form_field: str | None) -> bytes:
    if form_field is None:
        return json.dumps(value).encode()
    if form_field:
        return urlencode({form_field: json.dumps(value)}).encode()
    return urlencode(value if isinstance(value, dict) else {}, doseq=True).encode()
