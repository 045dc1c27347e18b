"""How Python and the C library are to keep memory: the same in both processes of a gateway."""

import gc

from gateway.upkeep.trimming import keep_large_apart


def settle() -> None:
    """Once, when the modules are loaded: what they made stays, and is looked through no more."""
    keep_large_apart()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
