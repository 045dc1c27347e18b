"""YAML with its places: what is taken, what is refused with one problem, and where that stands."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import marks
from gateway.config.marks import Marked


def read(tmp_path: Path, text: str | bytes) -> Marked:
    file = tmp_path / "routes.yaml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return marks.read(file)


REFUSED = [
    ("a: [1\nb: 2\n", 2, 2, "expected ',' or ']'"),
    ("a:\n\tb: 1\n", 2, 1, "cannot start any token"),
    ('a: "x\nb: 1\n', 3, 1, "unexpected end"),
    ("a: b: c\n", 1, 5, "not allowed here"),
    ("a: *nope\n", 1, 4, "undefined alias"),
    ("a: 1\n---\nb: 2\n", 2, 1, "another document"),
    ("a: 1\nb: \x00\n", 2, 4, "U+0000"),
    ('a: "\\q"\n', 1, 6, "unknown escape"),
    ("", 1, 1, "the file is empty"),
    ("# nothing\n", 1, 1, "the file is empty"),
    ("- a\n", 1, 1, "not a mapping"),
    ("words", 1, 1, "not a mapping"),
    ("[" * 5000, 1, 1, "too deep"),
    ("a: !!python/object:os.system x\n", 1, 4, "tag !!python/object:os.system"),
    ("a: &k !tag {b: 1}\n", 1, 4, "anchor &k"),
    ("a: &k !tag b\n", 1, 4, "tag !tag"),
    ("a: &x [1]\nb: [*x, *x]\n", 1, 4, "anchor &x"),
    ("a: &x [*x]\n", 1, 4, "anchor &x"),
    ("a: {<<: {b: 1}}\n", 1, 5, "a key must be plain text"),
    ("? [1]\n: x\n", 1, 3, "a key must be plain text"),
    ("a:\n  b: 1\n  b: 2\n", 3, 3, "'b' stands here a second time"),
    ("a: {b: 1, c: 2, b: 3}\n", 1, 17, "'b' stands here a second time"),
    ('a: "\\ud800"\n', 1, 4, "lone surrogate"),
    ('"\\ud800": a\n', 1, 1, "plain text"),
    ("".join(" " * depth + "a:\n" for depth in range(80)), 66, 66, "too deep"),
]


@pytest.mark.parametrize(
    ("text", "line", "column", "said"), REFUSED, ids=lambda one: repr(one)[:30]
)
def test_what_is_not_taken_is_one_problem_on_its_place(
    tmp_path: Path, text: str, line: int, column: int, said: str
) -> None:
    (problem,) = read(tmp_path, text).problems
    assert (problem.line, problem.column) == (line, column)
    assert said in problem.message


def test_a_doubled_key_names_the_line_of_the_first(tmp_path: Path) -> None:
    (problem,) = read(tmp_path, "a: 1\n\na: 2\n").problems
    assert "line 1" in problem.hint
    assert problem.path == "a"


def test_a_tab_is_said_with_what_yaml_takes(tmp_path: Path) -> None:
    (problem,) = read(tmp_path, "a:\n\tb: 1\n").problems
    assert "no tabs" in problem.hint


def test_a_bare_variable_between_braces_is_said_with_its_quotes(tmp_path: Path) -> None:
    (problem,) = read(tmp_path, "a: {b: 1, c: ${NAME}}\n").problems
    assert (problem.line, problem.column) == (1, 15)
    assert "quotes" in problem.hint


def test_a_key_without_a_value_stands_for_it(tmp_path: Path) -> None:
    marked = read(tmp_path, "a:\n\n# more\nb: {c: , d: 1}\n")
    assert (marked.at(("a",)).line, marked.at(("b", "c")).column) == (1, 5)


def test_a_file_that_is_not_utf8_is_said_on_its_line(tmp_path: Path) -> None:
    (problem,) = read(tmp_path, b"a: 1\nb: \xff\n").problems
    assert (problem.line, problem.message) == (2, "not UTF-8 text")


def test_a_folder_or_a_missing_file_is_a_problem_without_a_line(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.yaml"):
        (problem,) = marks.read(path).problems
        assert problem.message.startswith("cannot read the file")
        assert problem.line == 0


def test_scalars_have_the_kinds_of_yaml_1_2_and_no_others(tmp_path: Path) -> None:
    text = "a: yes\nb: true\nc: 010\nd: 0x10\ne: 1.5\nf: ~\ng: '1'\nh: 2026-11-25\ni: 20210031276123456789\n"
    assert read(tmp_path, text).data == {
        "a": "yes",
        "b": True,
        "c": 10,
        "d": "0x10",
        "e": 1.5,
        "f": None,
        "g": "1",
        "h": "2026-11-25",
        "i": "20210031276123456789",
    }


def test_a_byte_order_mark_and_windows_lines_change_no_place(tmp_path: Path) -> None:
    plain = read(tmp_path, "a: 1\nb:\n  - x\n  - y\n")
    odd = read(tmp_path, "\ufeffa: 1\r\nb:\r\n  - x\r\n  - y\r\n")
    assert odd.data == plain.data
    assert (odd.values, odd.keys) == (plain.values, plain.keys)


def test_an_anchor_of_a_scalar_is_taken(tmp_path: Path) -> None:
    marked = read(tmp_path, "a: &x one\nb: *x\n")
    assert (marked.data, marked.problems) == ({"a": "one", "b": "one"}, [])


def test_every_value_and_key_has_its_place(tmp_path: Path) -> None:
    marked = read(tmp_path, "a: {b: [1, {c: x}]}\nd:\n  - e: y\n")
    at = {path: (mark.line, mark.column) for path, mark in marked.values.items() if path}
    assert at == {
        ("a",): (1, 4),
        ("a", "b"): (1, 8),
        ("a", "b", 0): (1, 9),
        ("a", "b", 1): (1, 12),
        ("a", "b", 1, "c"): (1, 16),
        ("d",): (3, 3),
        ("d", 0): (3, 5),
        ("d", 0, "e"): (3, 8),
    }
    assert (marked.at(("d", 0, "e"), key=True).line, marked.at(("d", 0, "none")).column) == (3, 5)


@given(st.binary(max_size=60) | st.text(alphabet="ab:-[]{}&*!|>'\"#%@?, \n\t\\", max_size=60))
def test_no_content_raises(tmp_path_factory: pytest.TempPathFactory, content: bytes | str) -> None:
    marked = read(tmp_path_factory.getbasetemp(), content)
    assert isinstance(marked.data, dict) or marked.problems
