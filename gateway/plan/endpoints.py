"""A target's endpoints, its breaker and its check: what is written becomes what the plan holds."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from gateway.config import target_shapes as shapes
from gateway.config.marks import Path_
from gateway.plan.notes import Notes
from gateway.plan.plan import BreakerPolicy, Endpoint, HealthCheck
from gateway.plan.urls import check_url

FAILURES = 5
"""In a row, where `breaker` names neither `failures` nor `ratio`."""
_OFTEN = 1.0
"""Seconds: more frequent checks would be load of their own."""


def endpoints(shape: shapes.Target, path: Path_, notes: Notes) -> tuple[Endpoint, ...]:
    """The endpoints in the order of the file."""
    if shape.endpoints is None:
        if not notes.is_written((*path, "url")):
            notes.error(path, "the key 'url' is missing", "or `endpoints`, for several", key=True)
        else:
            _check_url(shape.url, (*path, "url"), notes)
        _look_over(shape, path, notes, [shape.url])
        return (Endpoint(shape.url),)
    if notes.is_written((*path, "url")):
        hint = "leave `url` out and write it into `endpoints`"
        notes.error((*path, "url"), "`url` and `endpoints` exclude each other", hint, key=True)
    found: dict[str, Endpoint] = {}
    for number, one in enumerate(shape.endpoints):
        where = (*path, "endpoints", number, "url")
        _check_url(one.url, where, notes)
        if one.url in found:
            notes.error(where, f"{one.url!r} stands here twice", "give it a `weight`")
        found[one.url] = Endpoint(one.url, one.weight)
        if one.weight != 1 and shape.balance != "weighted":
            notes.warn(
                (*path, "endpoints", number, "weight"), "counts with `balance: weighted` only",
                key=True,
            )  # fmt: skip
    _look_over(shape, path, notes, list(found))
    return tuple(found.values())


def _look_over(shape: shapes.Target, path: Path_, notes: Notes, urls: list[str]) -> None:
    """What is allowed and does nothing."""
    if shape.resolve == "all" and all(_is_address(url) for url in urls):
        notes.warn((*path, "resolve"), "no endpoint has a name that could be resolved", key=True)
    elif len(urls) == 1 and shape.resolve != "all" and notes.is_written((*path, "balance")):
        notes.warn((*path, "balance"), "there is only one endpoint", key=True)


def breaker(shape: shapes.Target, path: Path_, notes: Notes) -> BreakerPolicy | None:
    """The breaker of each endpoint; None: it has none."""
    written = shape.breaker
    if written is None:
        return None
    where = (*path, "breaker")
    if written.ratio is None:
        for name in ("window", "minimum"):
            if notes.is_written((*where, name)):
                notes.warn((*where, name), "counts with `ratio` only", key=True)
    cap = written.cap
    if cap < written.cooldown:
        if notes.is_written((*where, "cap")):
            notes.error((*where, "cap"), "shorter than `cooldown`, which grows up to it")
        cap = written.cooldown
    failures = written.failures
    if failures is None and written.ratio is None:
        failures = FAILURES
    return BreakerPolicy(
        failures, written.ratio, written.window, written.minimum, written.cooldown, cap
    )


def health(shape: shapes.Target, path: Path_, notes: Notes) -> HealthCheck | None:
    """The active check; None: there is none."""
    written = shape.health
    if written is None:
        return None
    where = (*path, "health")
    text = written.path
    if not text.startswith("/") or not text.isascii() or not text.isprintable() or " " in text:
        notes.error((*where, "path"), f"{text!r} is no path", "write it like /healthz")
    elif text.startswith("//") or "#" in text:
        notes.error((*where, "path"), f"{text!r} is no path of this endpoint", "like /healthz")
    if written.every < _OFTEN:
        notes.error((*where, "every"), "checks more often than each second", "write 1s or more")
    return HealthCheck(text, written.every)


def _check_url(url: str, path: Path_, notes: Notes) -> None:
    check_url(
        url, path, notes,
        like="http://127.0.0.1:9000/hooks", instead='headers: {Authorization: "Basic ${NAME}"}',
    )  # fmt: skip


def _is_address(url: str) -> bool:
    try:
        ip_address(urlsplit(url).hostname or "")
    except ValueError:
        return False
    return True
