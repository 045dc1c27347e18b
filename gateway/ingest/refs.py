"""What a declaration's reference names in a request: for handshakes and tenants.

One text or nothing; a header sent twice or a parameter given twice is nothing.
"""

from urllib.parse import parse_qs

from gateway.model.request import Request
from gateway.providers.declaration import Ref
from gateway.providers.extract import Extractor
from gateway.providers.payload import Payload
from gateway.providers.pointers import at

_PARAMETERS = 100


class Parsed:
    """A request's body, parsed when it is first asked for."""

    __slots__ = ("_extractor", "_payload", "_request")

    def __init__(self, extractor: Extractor, request: Request) -> None:
        self._extractor = extractor
        self._request = request
        self._payload: Payload | None = None

    @property
    def payload(self) -> Payload:
        """What it says."""
        if self._payload is None:
            self._payload = self._extractor.payload(self._request)
        return self._payload


def read(ref: Ref, request: Request, body: Parsed) -> str | None:
    """The value of `header.X-Name`, `query.name` or `body./pointer`."""
    kind, _, name = ref.partition(".")
    if kind == "header":
        return request.headers.text(name.lower().encode())
    if kind == "query":
        return _parameter(request.query, name)
    value = at(body.payload.value, name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def _parameter(query: bytes, name: str) -> str | None:
    try:
        values = parse_qs(query.decode("latin-1"), max_num_fields=_PARAMETERS).get(name, [])
    except ValueError:
        return None
    return values[0] if len(values) == 1 else None
