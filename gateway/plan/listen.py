"""`listen:` texts and proxies: `host:port`, `[::1]:port`, `unix:/path`, `systemd`."""

import re
from ipaddress import ip_address

from gateway.config import shapes
from gateway.config.marks import Path_
from gateway.plan.notes import Notes
from gateway.plan.plan import Listen
from gateway.verify.addresses import AddressSet, parse_network

_TCP = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([^:\[\]]+)):([0-9]{1,5})")


def listen(text: str, path: Path_, notes: Notes, *, systemd: bool) -> Listen:
    """Where a listener binds. systemd: whether a handed-over socket is taken here."""
    if text == "systemd" and systemd:
        return Listen("systemd")
    if text.startswith("unix:/") and len(text) > len("unix:/") and "\0" not in text:
        return Listen("unix", path=text[5:])
    found = _TCP.fullmatch(text)
    host = (found[1] or found[2]) if found else ""
    if not found or not 0 <= int(found[3]) <= 65535 or not _is_host(host):
        notes.error(path, f"cannot listen on {text!r}", "write 127.0.0.1:8080 or unix:/run/x.sock")
        return Listen("tcp", "127.0.0.1", 0)
    return Listen("tcp", "127.0.0.1" if host == "localhost" else host, int(found[3]))


def admin_listen(shape: shapes.File, notes: Notes) -> Listen:
    """Where the admin listener binds: not where the public one does, and best on loopback."""
    path = ("admin", "listen")
    found = listen(shape.admin.listen, path, notes, systemd=False)
    if shape.admin.listen == shape.server.listen and (found.port or found.path):
        notes.error(path, f"{found} is `server.listen` already", "give it a place of its own")
    elif found.kind == "tcp" and not ip_address(found.host).is_loopback:
        notes.warn(
            path,
            "the admin listener answers loopback and unix peers only",
            "listen on 127.0.0.1 or unix:/path, and come by ssh -L",
        )
    return found


def _is_host(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def proxies(texts: list[str], path: Path_, notes: Notes) -> tuple[AddressSet, bool]:
    """The peers whose forwarding header is believed, and whether unix peers are."""
    networks = []
    for number, text in enumerate(texts):
        if text == "unix":
            continue
        try:
            networks.append(parse_network(text))
        except ValueError as error:
            notes.error((*path, number), str(error), "write 127.0.0.1, 10.0.0.0/8 or unix")
    return AddressSet(networks), "unix" in texts
