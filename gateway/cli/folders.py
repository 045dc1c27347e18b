"""Where the files that ship with the gateway lie: in a checkout, or inside the installed wheel."""

from importlib import resources
from pathlib import Path

_PACKAGE = Path(str(resources.files("gateway")))


def shipped(name: str) -> Path:
    """A shipped file or folder: `systemd`, `nginx` or `routes.yaml`."""
    installed = _PACKAGE / "_deploy" / name
    if installed.exists():
        return installed
    checkout = _PACKAGE.parent
    return checkout / "deploy" / name if name == "nginx" else checkout / name
