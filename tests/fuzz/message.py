"""The form of an input that is a request: a first line, headers, an empty line, the body."""

from dataclasses import dataclass

from hypothesis import strategies as st

Pairs = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True)
class Message:
    """One such input, taken apart."""

    first: str
    pairs: Pairs
    body: bytes

    @property
    def words(self) -> list[str]:
        """The words of the first line."""
        return self.first.split()


def parse(data: bytes) -> Message:
    """Any bytes are one; a line without a colon is a header without a value."""
    head, _, body = data.partition(b"\n\n")
    first, *lines = head.split(b"\n")
    pairs = []
    for line in lines:
        name, _, value = line.partition(b":")
        pairs.append((name.strip(), value.strip(b" \t")))
    return Message(first.decode("latin-1"), tuple(pairs), body)


def write(first: str, pairs: Pairs, body: bytes) -> bytes:
    """The other way."""
    lines = [first.encode("latin-1", "replace"), *(name + b": " + value for name, value in pairs)]
    return b"\n".join(lines) + b"\n\n" + body


def messages(
    firsts: st.SearchStrategy[str],
    pairs: st.SearchStrategy[tuple[bytes, bytes]],
    bodies: st.SearchStrategy[bytes],
) -> st.SearchStrategy[bytes]:
    """Inputs of this form."""
    return st.builds(write, firsts, st.lists(pairs, max_size=6).map(tuple), bodies)
