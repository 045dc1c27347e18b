"""Signed requests as data, one file a sender: what must be let in and what must not.

Each entry: secrets, method, headers, body, the time of judgement, and the verdict. Bodies and
secrets are made up, except short texts that senders publish in their documentation.
"""

import base64
import json
from dataclasses import dataclass
from pathlib import Path

from gateway.model.request import Headers, Request

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Vector:
    """One request with the verdict expected of it."""

    id: str
    secrets: dict[str, object]
    request: Request
    url: str
    now: float
    accept: bool
    expect_event: dict[str, object] | None
    note: str

    def texts(self, *names: str) -> list[str]:
        """The secrets under the first of these names that is there."""
        for name in names:
            if name in self.secrets:
                found = self.secrets[name]
                return [str(one) for one in found] if isinstance(found, list) else [str(found)]
        return []


def senders() -> tuple[str, ...]:
    """Every sender with a file of vectors."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


def load(sender: str) -> list[Vector]:
    """A sender's vectors."""
    return [_vector(entry) for entry in json.loads((FOLDER / f"{sender}.json").read_text("utf-8"))]


def _vector(entry: dict) -> Vector:
    pairs = [
        (name.encode(), value.encode())
        for name, values in entry["headers"].items()
        for value in (values if isinstance(values, list) else [values])
    ]
    return Vector(
        id=entry["id"],
        secrets=entry["secrets"],
        request=Request(
            method=entry["method"],
            path="/in/source",
            query=b"",
            headers=Headers(tuple(pairs)),
            body=base64.b64decode(entry["body_base64"]),
        ),
        url=entry.get("url") or "",
        now=entry["now"],
        # A signed handshake is proven like anything else.
        accept=entry["expect"] in ("accept", "handshake"),
        expect_event=entry.get("expect_event"),
        note=entry["note"],
    )
