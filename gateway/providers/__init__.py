"""Senders as data: one declaration a file, and the interpreter that reads them. Pure: no I/O but
importing a declaration's module by its name. Nowhere may code branch on a provider's name.
"""

import re
from importlib import import_module, resources

from gateway.providers.declaration import Declaration

__all__ = ["load", "names"]

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def load(name: str) -> Declaration:
    """A provider's declaration. A `-` in the name is `_` in the module's. Raises `KeyError`."""
    module = name.replace("-", "_")
    if name not in names():
        raise KeyError(name)
    declaration: Declaration = import_module(f"{__name__}.{module}").DECLARATION
    return declaration


def names() -> tuple[str, ...]:
    """The providers shipped, sorted: every one has a folder of samples."""
    found = []
    for folder in resources.files(__name__).joinpath("samples").iterdir():
        if folder.is_dir() and _NAME.fullmatch(folder.name):
            module = resources.files(__name__).joinpath(f"{folder.name}.py")
            if module.is_file():
                found.append(folder.name.replace("_", "-"))
    return tuple(sorted(found))
