"""What a declaration's reference names in a request: for handshakes and tenants.

One text or nothing; a header sent twice or a parameter given twice is nothing.
"""

from collections.abc import Callable
from urllib.parse import parse_qs

from gateway.model.request import Request
from gateway.providers.declaration import Ref
from gateway.providers.pointers import at

Body = Callable[[], object]
"""The parsed body, parsed when it is first asked for."""
_PARAMETERS = 100


def read(ref: Ref, request: Request, body: Body) -> str | None:
    """The value of `header.X-Name`, `query.name` or `body./pointer`."""
    kind, _, name = ref.partition(".")
    if kind == "header":
        return request.headers.text(name.lower().encode())
    if kind == "query":
        return _parameter(request.query, name)
    value = at(body(), name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def _parameter(query: bytes, name: str) -> str | None:
    try:
        values = parse_qs(query.decode("latin-1"), max_num_fields=_PARAMETERS).get(name, [])
    except ValueError:
        return None
    return values[0] if len(values) == 1 else None
