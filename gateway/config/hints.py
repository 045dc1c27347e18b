"""What a person probably meant by a word that is not known."""

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that is most like it; empty where none is near."""
    near = difflib.get_close_matches(word, list(known), 1)
    return near[0] if near else ""


def did_you_mean(word: str) -> str:
    """The hint for it; empty for none."""
    return f"did you mean {word}?" if word else ""


def known(word: str, words: Iterable[str]) -> str:
    """A hint that names the nearest word, or all of them where none is near."""
    names = sorted(words)
    return did_you_mean(nearest(word, names)) or f"there are: {', '.join(names) or 'none yet'}"
