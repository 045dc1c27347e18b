"""Texts with units, variables and secrets: what is taken, exactly, and what is refused in words."""

import contextlib
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import values

WORD = st.from_regex(re.compile(r"[A-Z_][A-Z0-9_]{0,8}", re.ASCII), fullmatch=True)
PLAIN = st.text(alphabet=st.characters(exclude_characters="$", codec="utf-8"), max_size=20)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("5s", 5), ("5m", 300), ("24h", 86_400), ("30d", 2_592_000), ("1.5h", 5400)],
)
def test_durations(text: str, seconds: float) -> None:
    assert values.duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [("0B", 0), ("64KiB", 65_536), ("25MB", 25_000_000), ("512 MiB", 2**29), ("1.5KB", 1500)],
)
def test_sizes(text: str, size: int) -> None:
    assert values.size(text) == size


@pytest.mark.parametrize(("text", "rate"), [("100/s", 100), ("600/m", 10), ("3600/h", 1)])
def test_rates(text: str, rate: float) -> None:
    assert values.rate(text) == rate


BAD = ["", "5", "s", "-5s", "+5s", "5 s", "5S", "5s ", "5s\n", "1h30m", "5,5s", "٥s", "1e3s", "nan"]


@pytest.mark.parametrize("text", [*BAD, "0s", "0.0d", "36501d", "9" * 400 + "s"])
def test_what_is_no_duration_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no (duration; write it|time to wait)"):
        values.duration(text)


@pytest.mark.parametrize("text", [*BAD, "5kb", "5mib", "5TB", "-1B", "9" * 400 + "B"])
def test_what_is_no_size_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="is no size; write it"):
        values.size(text)


@pytest.mark.parametrize("text", [*BAD, "0/s", "5/d", "5 /s", "/s", "9" * 400 + "/s"])
def test_what_is_no_rate_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="is no rate; write it"):
        values.rate(text)


@given(st.text(max_size=12))
def test_units_give_a_number_or_a_value_error(text: str) -> None:
    for parse in (values.duration, values.size, values.rate):
        with contextlib.suppress(ValueError):
            assert parse(text) >= 0


@given(PLAIN, WORD, PLAIN, st.text(min_size=1, max_size=20))
def test_a_variable_is_put_in_once(before: str, name: str, after: str, held: str) -> None:
    text = f"{before}${{{name}}}{after}"
    assert values.substitute(text, {name: held}) == before + held + after


@given(WORD, st.text(alphabet=st.characters(exclude_characters="}"), max_size=20))
def test_a_default_stands_in_for_unset_and_for_empty(name: str, default: str) -> None:
    text = f"${{{name}:-{default}}}"
    assert values.substitute(text, {}) == default
    assert values.substitute(text, {name: ""}) == default
    assert values.substitute(text, {name: "held"}) == "held"


@given(PLAIN, WORD)
def test_an_escape_is_the_two_signs(before: str, name: str) -> None:
    assert values.substitute(f"{before}$${{{name}}}", {name: "x"}) == f"{before}${{{name}}}"


def test_what_a_variable_holds_is_not_looked_at_again() -> None:
    held = {"A": "${B}$${C}", "B": "never"}
    assert values.substitute("${A} ${D:-$x}", held) == "${B}$${C} $x"


@given(PLAIN, WORD, st.sampled_from([{}, {"empty": True}]))
def test_an_unset_or_empty_variable_is_named_at_its_place(
    before: str, name: str, empty: dict[str, bool]
) -> None:
    with pytest.raises(values.BadVariable, match=f"{name} is not set") as bad:
        values.substitute(f"{before}${{{name}}}", {name: ""} if empty else {})
    assert bad.value.position == len(before)
    assert name in bad.value.hint


@pytest.mark.parametrize("text", ["${}", "${1A}", "${A", "${A-x}", "${A B}", "x${", "${Ä}"])
def test_a_variable_written_wrong_is_said(text: str) -> None:
    with pytest.raises(values.BadVariable, match="without a name") as bad:
        values.substitute(text, {"A": "x"})
    assert bad.value.position == text.index("$")


@pytest.mark.parametrize("text", ["$", "$A", "a$b", "$$", "100 $", "$(A)"])
def test_other_dollars_are_text(text: str) -> None:
    assert values.substitute(text, {"A": "x"}) == text


def test_only_a_text_that_is_one_variable_may_change_its_kind() -> None:
    assert isinstance(values.substitute("${A}", {"A": "1"}), values.Substituted)
    assert not isinstance(values.substitute("1${A}", {"A": "1"}), values.Substituted)
    assert not isinstance(values.substitute("${A}${A}", {"A": "1"}), values.Substituted)


@pytest.mark.parametrize("name", ["a", "0", "a-b_c", "a" * 63])
def test_names(name: str) -> None:
    assert values.NAME.fullmatch(name)


@pytest.mark.parametrize("name", ["", "A", "-a", "_a", "a.b", "a b", "é", "a" * 64, "a\n", "a/b"])
def test_what_is_no_name(name: str) -> None:
    assert not values.NAME.fullmatch(name)


# ---------------------------------------------------------------- secrets


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"s3cret\n", b"s3cret"),
        (b"s3cret\r\n", b"s3cret"),
        (b"s\n\n", b"s\n"),
        (b" s ", b" s "),
        (b"", b""),
    ],
)
def test_one_trailing_newline_of_a_file_is_cut(
    tmp_path: Path, content: bytes, value: bytes
) -> None:
    (tmp_path / "key").write_bytes(content)
    for text in ("file:key", f"file:{tmp_path}/key", "file:${NAME}"):
        found = values.secret(text, 1, {"NAME": "key"}, tmp_path)
        assert (found.label, found.value, found.literal) == ("key", value, False)


def test_a_credential_is_read_from_systemds_folder(tmp_path: Path) -> None:
    (tmp_path / "hook").write_text("s3cret\n")
    found = values.secret("credential:hook", 1, {"CREDENTIALS_DIRECTORY": str(tmp_path)}, Path("/"))
    assert (found.label, found.value) == ("hook", b"s3cret")
    with pytest.raises(ValueError, match="LoadCredential="):
        values.secret("credential:hook", 1, {}, tmp_path)


@pytest.mark.parametrize("text", ["file:none", "file:", "file:.", "file:\0", "credential:none"])
def test_a_secret_that_cannot_be_read_is_said_with_its_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match=r"cannot read the secret file|is no file name"):
        values.secret(text, 1, {"CREDENTIALS_DIRECTORY": str(tmp_path)}, tmp_path)


def test_a_variable_names_its_secret_and_its_value_is_not_read_again(tmp_path: Path) -> None:
    found = values.secret("${HOOK}", 1, {"HOOK": "file:/etc/passwd"}, tmp_path)
    assert (found.label, found.value, found.literal) == ("HOOK", b"file:/etc/passwd", False)


def test_a_secret_that_is_not_utf8_is_taken_as_the_bytes_it_is(tmp_path: Path) -> None:
    held = os.fsdecode(b"caf\xe9")
    assert values.secret("${HOOK}", 1, {"HOOK": held}, tmp_path).value == b"caf\xe9"


def test_a_literal_is_marked_and_shows_nowhere(tmp_path: Path) -> None:
    found = values.secret("hush-$${x}", 2, {}, tmp_path)
    assert (found.label, found.value, found.literal) == ("#2", b"hush-${x}", True)
    assert "hush" not in repr(found)


def test_the_default_of_an_unset_variable_is_a_literal_too(tmp_path: Path) -> None:
    for environ in ({}, {"HOOK": ""}):
        found = values.secret("${HOOK:-hush}", 1, environ, tmp_path)
        assert (found.label, found.value, found.literal) == ("HOOK", b"hush", True)
    found = values.secret("${HOOK:-hush}", 1, {"HOOK": "quiet"}, tmp_path)
    assert (found.value, found.literal) == (b"quiet", False)
