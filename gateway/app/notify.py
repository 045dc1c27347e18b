"""What systemd wants to know (sd_notify(3)): ready, reloading, stopping."""

import contextlib
import os
import socket
import time


def notify(state: str) -> None:
    """Tells systemd, if it started us; otherwise does nothing."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if state == "RELOADING=1":
        state = f"{state}\nMONOTONIC_USEC={time.monotonic_ns() // 1000}"
    name = "\0" + address[1:] if address.startswith("@") else address
    # If nobody listens there any more, starting, reloading and above all stopping go on.
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out,
    ):
        out.connect(name)
        out.sendall(state.encode())
