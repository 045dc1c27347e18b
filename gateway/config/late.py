"""Which texts of an entity are somebody else's to read: secrets, expressions, templates."""

from typing import Final

from gateway.config.marks import Path_

_AUTH: Final = {
    ("auth", "bearer"),
    ("auth", "basic", "password"),
    ("auth", "oauth2", "client_secret"),
    ("auth", "hmac", "secret"),
}
_LATE: Final = frozenset(
    {
        *(("secrets",), ("sign",), ("headers",), *_AUTH),
        *(("when",), ("transform",), ("order_by",), ("debounce", "by"), ("fair_by",)),
    }
)
_SECRET: Final = frozenset({"secrets", "sign", "headers", "auth"})


def is_late(path: Path_) -> bool:
    """Whether variables are not put in here: secrets are read by their own rule, expressions and
    templates take variables as bound constants."""
    return path[2:] in _LATE  # of a source, route or target


def is_secret(path: Path_) -> bool:
    """Whether what stands here by mistake may be a secret: no message quotes it."""
    return len(path) > 2 and path[0] in {"sources", "targets"} and path[2] in _SECRET
