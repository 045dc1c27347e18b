"""What a target's answer repeats of our secrets is not kept: answers are stored and shown. Pure."""

from collections.abc import Iterable
from typing import Final

INSTEAD: Final = b"[secret]"
_LEAST: Final = 8
"""Bytes of a secret that the end of a cut answer must hold to be taken for its beginning."""


def hide(answer: bytes, secrets: Iterable[bytes]) -> bytes:
    """The beginning of an answer without secrets, also where the cut went through one."""
    for secret in secrets:
        answer = answer.replace(secret, INSTEAD)
        for length in range(min(len(secret) - 1, len(answer)), _LEAST - 1, -1):
            if answer.endswith(secret[:length]):
                answer = answer[:-length] + INSTEAD
                break
    return answer
