"""Whether a URL of the file can be called at all."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from gateway.config.marks import Path_
from gateway.net.guards import forbidden
from gateway.plan.notes import Notes


def check_url(url: str, path: Path_, notes: Notes, *, like: str, instead: str) -> None:
    """Notes why it cannot be. like: a right one. instead: where credentials belong."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        notes.error(path, f"{url!r} is no URL", f"write {like}")
        return
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        notes.error(path, f"{url!r} is no http(s) URL", f"write {like}")
    elif parts.username or parts.password:
        notes.error(
            path,
            "credentials do not belong into a URL (it is shown on pages and in logs)",
            instead,
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
