"""Targets of the plan: URL, policy, keys that sign outwards, headers."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from gateway.config import shapes, values
from gateway.config.marks import Path_
from gateway.net.guards import forbidden
from gateway.plan.expressions import expression, template
from gateway.plan.notes import Notes, Surroundings
from gateway.plan.plan import RetryPolicy, Target
from gateway.verify.base import BadKey, Secret
from gateway.verify.standard_webhooks import StandardWebhooks

_OURS = {
    "content-length", "content-type", "host", "transfer-encoding", "connection", "traceparent",
}  # fmt: skip
_OURS_BEGIN = ("webhook-", "gateway-")
"""A second one of these would let a target read another truth than the one that was signed."""


def compile_target(name: str, shape: shapes.Target, around: Surroundings, notes: Notes) -> Target:
    """One target; mistakes go to `notes`."""
    path: Path_ = ("targets", name)
    _check_url(shape.url, (*path, "url"), notes)
    keys = []
    for number, text in enumerate(shape.sign):
        where = (*path, "sign", number)
        try:
            read = values.secret(text, number + 1, around.environ, around.folder)
            if read.literal:
                notes.warn(
                    where, "the secret stands in the file itself", "use file:PATH or ${NAME}"
                )
            keys.append(_key(read))
        except (ValueError, BadKey) as error:
            notes.error(where, str(error))
    headers = []
    seen: set[str] = set()
    for header, text in shape.headers.items():
        where = (*path, "headers", header)
        lower = header.lower()
        ours = lower in _OURS or lower.startswith(_OURS_BEGIN)
        if ours or not values.HEADER.fullmatch(header):
            notes.error(where, f"{header!r} cannot be set here", key=True)
            continue
        compiled = template(text, where, around, notes)
        if lower in seen:
            notes.error(where, f"{header!r} is set already, in other letters", key=True)
        seen.add(lower)
        if compiled is not None:
            headers.append((header, compiled))
    if shape.connect_timeout > shape.timeout:
        notes.warn(
            (*path, "connect_timeout"), "longer than `timeout`, which ends the attempt first"
        )
    fair_by = None
    if shape.fair_by is not None:
        fair_by = expression(shape.fair_by, (*path, "fair_by"), around, notes, None)
    return Target(
        name=name,
        url=shape.url,
        timeout=shape.timeout,
        connect_timeout=shape.connect_timeout,
        retry=RetryPolicy(
            shape.retry.base, shape.retry.cap, shape.retry.window, shape.retry.attempts
        ),
        concurrency=shape.concurrency,
        sign=tuple(keys),
        headers=tuple(headers),
        fair_by=fair_by,
    )


def _key(read: values.SecretText) -> bytes:
    """Standard Webhooks: base64 after `whsec_`; any other secret is used as the text it is."""
    encoding = "whsec" if read.value.startswith(b"whsec_") else "text"
    scheme = StandardWebhooks(key_encoding=encoding)  # type: ignore[arg-type]  # one of the two
    return scheme.key(Secret(read.label, read.value)).value


def _check_url(url: str, path: Path_, notes: Notes) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        notes.error(path, f"{url!r} is no URL", "write http://127.0.0.1:9000/hooks")
        return
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        notes.error(path, f"{url!r} is no http(s) URL", "write http://127.0.0.1:9000/hooks")
    elif parts.username or parts.password:
        notes.error(
            path,
            "credentials do not belong into a URL (it is shown on pages and in logs)",
            'headers: {Authorization: "Basic ${NAME}"}',
        )
    elif not url.isprintable() or " " in url or parts.fragment:
        notes.error(path, f"{url!r} is no URL that can be called", "write it percent-encoded")
    elif _is_forbidden(parts.hostname):
        notes.error(
            path,
            f"{parts.hostname} is a link-local or metadata address: no request is made to it",
        )


def _is_forbidden(host: str) -> bool:
    """Whether a URL names an address that the guards refuse. A name's address is seen later."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return forbidden((host,))
