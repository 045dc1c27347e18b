"""Text to jinja2's syntax tree, with places and limits. What a tree may hold: `compiler`.

Only jinja2's lexer and parser are used. Its compiler, filters, tests and globals never run.
"""

import difflib
from collections.abc import Iterable, Iterator

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.lexer import TokenStream
from jinja2.parser import Parser

MAX_LENGTH = 16 * 1024
"""Characters of one expression or template."""
MAX_TOKENS = 4_000
MAX_BRACKETS = 32

_ENVIRONMENT = Environment(autoescape=True, keep_trailing_newline=True)  # autoescape: never renders

_HINTS = (
    ("&&", "write `and`"),
    ("||", "write `or`"),
    ("|", "write `or`"),
    ("===", "write `==`"),
    ("=", "write `==` to compare"),
    ("!", "write `not`"),
    ("?", "write `a if condition else b`"),
    ("`", "write text in '…'"),
    ("$", "constants are written ${NAME}"),
)


class BadExpression(Exception):
    """An expression or template that is refused when its file is read.

    message: what is wrong. offset: where in the text, from 0. hint: what to write instead, or
    empty. path: where inside a transform's value. more: further mistakes of the same value.
    """

    def __init__(self, message: str, offset: int = 0, hint: str = "", *, text: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.hint = hint
        self.text = text
        self.path: tuple[str | int, ...] = ()
        self.more: tuple[BadExpression, ...] = ()

    @property
    def line(self) -> int:
        """The line in the text, from 1."""
        return self.text.count("\n", 0, self.offset) + 1

    @property
    def column(self) -> int:
        """The column in that line, from 1."""
        return self.offset - (self.text.rfind("\n", 0, self.offset) + 1) + 1


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known word, or all of them where none is near."""
    words = sorted(known)
    near = difflib.get_close_matches(word[:100], words, n=1)
    return f"did you mean `{near[0]}`?" if near else "known here: " + ", ".join(words)


def quoted(word: str) -> str:
    """A word of the file as a message shows it: short and on one line."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in word[:60])
    return f"`{plain}…`" if len(word) > 60 else f"`{plain}`"


def is_unicode(text: str) -> bool:
    """Whether a text can be written at all: no lone surrogates."""
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


class _OffsetParser(Parser):
    """jinja2's parser over tokens whose line number is their offset in the text.

    So every node of the tree, and every syntax error, knows its exact place.
    """

    def __init__(self, text: str, state: str | None) -> None:
        super().__init__(_ENVIRONMENT, "")
        tokens = _ENVIRONMENT.lexer.wrap(_tokens(text, state))
        self.stream = TokenStream(tokens, None, None)


def _tokens(text: str, state: str | None) -> Iterator[tuple[int, str, str]]:
    position = depth = count = 0
    try:
        for _, kind, value in _ENVIRONMENT.lexer.tokeniter(text, None, None, state):
            # Whitespace control (`{%-`) makes jinja2 skip text, never reorder it.
            position = max(position, text.find(value, position))
            count += 1
            depth += (value in {"(", "[", "{"}) - (value in {")", "]", "}"})
            if count > MAX_TOKENS or depth > MAX_BRACKETS:
                raise BadExpression(
                    "too long" if count > MAX_TOKENS else "nested too deep", position, text=text
                )
            if kind == "raw_begin":
                raise BadExpression(
                    "`raw` is not allowed", position, "write {{ '{{' }} for a brace", text=text
                )
            yield position, kind, value
            position += len(value)
    except TemplateSyntaxError as error:
        raise _syntax_error(text, position, error) from None


def _syntax_error(text: str, offset: int, error: TemplateSyntaxError) -> BadExpression:
    offset = min(max(offset, 0), len(text))
    here = text[offset : offset + 3]
    around = text[max(0, offset - 1) : offset + 2]
    hint = next((hint for sign, hint in _HINTS if here.startswith(sign)), "")
    if "||" in around:
        hint = "write `or`"
    message = (error.message or "syntax error").split(" at ")[0]
    return BadExpression(f"cannot be read: {message[:200]}", offset, hint, text=text)


def _parser(text: str, state: str | None) -> _OffsetParser:
    if len(text) > MAX_LENGTH:
        raise BadExpression(
            f"too long: {len(text)} characters, {MAX_LENGTH} are allowed", text=text
        )
    return _OffsetParser(text, state)


def plain_lines(text: str) -> str:
    """Line ends as jinja2 makes them; done first, so that offsets count in one text."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse_expression(text: str) -> nodes.Expr:
    """The tree of one expression; every node's `lineno` is its offset. Raises BadExpression."""
    text = plain_lines(text)
    try:
        parser = _parser(text, "variable")
        tree = parser.parse_expression()
        if not parser.stream.eos:
            offset = parser.stream.current.lineno
            raise BadExpression(
                "cannot be read: the expression ends before this",
                offset,
                next((hint for sign, hint in _HINTS if text.startswith(sign, offset)), ""),
                text=text,
            )
    except TemplateSyntaxError as error:
        raise _syntax_error(text, _end(text, error), error) from None
    except (RecursionError, ValueError, OverflowError, MemoryError):
        # ValueError: a number of more digits than Python converts.
        raise BadExpression("nested too deep, or a number too long", text=text) from None
    return tree


def parse_template(text: str) -> nodes.Template:
    """The tree of a text with `{{ … }}` in it, places as above. Raises BadExpression."""
    text = plain_lines(text)
    try:
        return _parser(text, None).parse()
    except TemplateSyntaxError as error:
        raise _syntax_error(text, _end(text, error), error) from None
    except (RecursionError, ValueError, OverflowError, MemoryError):
        raise BadExpression("nested too deep, or a number too long", text=text) from None


def _end(text: str, error: TemplateSyntaxError) -> int:
    # At the end of the stream jinja2 reports the place of the last token.
    return error.lineno if error.lineno is not None else len(text)
