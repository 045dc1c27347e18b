"""A character of a scalar is found in the file, however the scalar is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode

from gateway.config import places

TEXT = "event.branch == 'main' and evnt.x"
WRITTEN = {
    "plain": "event.branch == 'main' and evnt.x",
    "plain over lines": "event.branch\n    == 'main'\n    and evnt.x",
    "single quotes": "'event.branch == ''main'' and evnt.x'",
    "double quotes": "\"event.branch == 'main' and evnt.x\"",
    "double quotes with escapes": "\"event\\x2ebranch\\u0020== \\'main\\' and evnt.x\"".replace(
        "\\'", "'"
    ),
    "double quotes over lines": "\"event.branch == 'main'\n    and evnt.x\"",
    "a line that goes on": "\"event.branch == \\\n    'main' and evnt.x\"",
    "literal": "|-\n    event.branch == 'main' and evnt.x",
    "literal with a comment": "|-  # why\n    event.branch == 'main' and evnt.x",
    "folded": ">-\n    event.branch == 'main'\n    and evnt.x",
    "an anchor before": "&when event.branch == 'main' and evnt.x",
}


def found(written: str) -> tuple[str, str]:
    node = YAML(typ="safe", pure=True).compose(f"a: {written}\n").value[0][1]
    assert isinstance(node, ScalarNode)
    return f"a: {written}\n"[node.start_mark.index : node.end_mark.index], node.value


@pytest.mark.parametrize("written", WRITTEN.values(), ids=list(WRITTEN))
def test_a_word_is_found_in_every_style(written: str) -> None:
    raw, value = found(written)
    assert value == TEXT
    for word in ("event", "main", "and", "evnt", "x"):
        lines, characters = places.inside(raw, value, value.rfind(word))
        assert raw.split("\n")[lines][characters:].startswith(word)


def test_a_later_line_of_a_literal_is_found() -> None:
    raw, value = found("|\n    a\n\n      b or\n    c")
    assert places.inside(raw, value, value.index("b")) == (3, 6)
    assert places.inside(raw, value, value.index("c")) == (4, 4)


@given(st.text(alphabet="ab'\"\\ é\n", max_size=30), st.integers(0, 30))
def test_double_quotes_with_every_escape(text: str, position: int) -> None:
    raw = '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    before = text[:position].replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    lines, characters = places.inside(raw, text, position)
    assert lines == 0
    assert characters >= 1 + len(before)
    if text[position : position + 1].strip():
        assert characters == 1 + len(before)


@given(st.text(max_size=30), st.text(max_size=30), st.integers(0, 40))
def test_nothing_raises_where_the_two_do_not_fit(raw: str, value: str, position: int) -> None:
    assert places.inside(raw, value, position) >= (0, 0)
