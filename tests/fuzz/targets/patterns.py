"""Patterns of types: which events a route wants."""

from hypothesis import strategies as st

from gateway.routing.match import Route, RouteIndex, type_matches
from tests.fuzz.target import Target, promise


def run_patterns(data: bytes) -> None:
    """First line: a type. Then a pattern a line."""
    type, *patterns = data.decode("latin-1").split("\n")[:20]
    for pattern in patterns:
        found = type_matches(pattern, type)
        promise(found == _by_segments(pattern.split("."), type.split(".")), f"{pattern} on {type}")
    route = Route("r", frozenset({"s"}), tuple(patterns) or None, None, ("t",))
    index = RouteIndex([route])
    for source in ("s", "other"):
        promise(index.candidates(source, type) == index.candidates(source, type), "twice")
        if source == "other":
            promise(not index.candidates(source, type), "another source's event")


def _by_segments(pattern: list[str], type: list[str]) -> bool:
    """The same rule as a recursion."""
    if not pattern or not type:
        return not pattern and not type
    if pattern == ["*"]:
        return True
    return pattern[0] in ("*", type[0]) and _by_segments(pattern[1:], type[1:])


_SEGMENTS = st.lists(
    st.sampled_from(["vcs", "push", "*", "", "change", "a"]), min_size=1, max_size=4
)
TARGET = Target(
    name="patterns",
    promise="a type fits a pattern segment by segment",
    run=run_patterns,
    cases=st.lists(_SEGMENTS.map(".".join), min_size=1, max_size=5).map(
        lambda p: "\n".join(p).encode()
    ),
    words=("vcs.", "*", ".*", "meta.ping"),
)
