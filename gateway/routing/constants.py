"""`${NAME}` in expressions and templates: bound values, never text that is parsed.

Outside quotes `${NAME}` becomes an identifier; in quotes, and in the plain text of a template, it
becomes a mark that is replaced after parsing. Both are as long as what they replace, so that a
mistake's place is right. The values stand in `constants` under what replaced them.
"""

import re
from collections.abc import Callable, Mapping

from gateway.routing.syntax import BadExpression, quoted

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_FIRST = 0xE000  # the private use area: no meaning in any text
_FILL = "\uf8ff"
_MOST = 36 * 36 * 36
_MARK = re.compile(f"[\ue000-\uf8fe]{_FILL}{{2,}}")


def put_in(text: str, constants: Mapping[str, str]) -> str:
    """A text with the values of its marks."""
    if not constants or _FILL not in text:
        return text
    return _MARK.sub(lambda mark: constants.get(mark[0], mark[0]), text)


class _State:
    """Where a scan stands: in plain text, in code, or in quotes inside code."""

    __slots__ = ("_braces", "_in_text", "_quote", "_template")

    def __init__(self, template: bool) -> None:
        self._template = template
        self._in_text = template
        self._quote = ""
        self._braces = 0

    @property
    def is_code(self) -> bool:
        """Whether text here is parsed as an expression."""
        return not self._in_text and not self._quote

    def step(self, text: str, position: int) -> int:
        """Go over what stands at a position; returns its length."""
        if self._in_text:
            return self._over_text(text, position)
        if self._quote:
            return self._over_quoted(text[position])
        return self._over_code(text[position : position + 2])

    def _over_text(self, text: str, position: int) -> int:
        two = text[position : position + 2]
        if two == "{#":
            end = text.find("#}", position + 2)
            return (len(text) if end < 0 else end + 2) - position
        if two in {"{{", "{%"}:
            self._in_text = False
            return 2
        return 1

    def _over_quoted(self, sign: str) -> int:
        if sign == "\\":
            return 2
        if sign == self._quote:
            self._quote = ""
        return 1

    def _over_code(self, two: str) -> int:
        sign = two[0]
        if self._template and not self._braces and two in {"}}", "%}"}:
            self._in_text = True
            return 2
        if sign in "'\"":
            self._quote = sign
        elif sign == "{":
            self._braces += 1
        elif sign == "}":
            self._braces = max(0, self._braces - 1)
        return 1


class Binder:
    """Binds the constants of any number of texts into one `constants`.

    environ: the process's environment. A name that is unset or empty and has no `:-default` is a
    BadExpression.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._bound: dict[str, int] = {}
        self.constants: dict[str, str] = {}

    def expression(self, text: str) -> str:
        """An expression with its constants bound."""
        return self._scan(text, template=False)

    def template(self, text: str) -> str:
        """A text with `{{ … }}` in it with its constants bound."""
        return self._scan(text, template=True)

    def value(self, value: object) -> object:
        """A transform's value with the constants of all its texts bound; keys stay as they are."""
        return map_texts(value, self.template)

    def _scan(self, text: str, *, template: bool) -> str:
        if "${" not in text:
            return text
        state = _State(template)
        done: list[str] = []
        position = 0
        while position < len(text):
            if text.startswith("$${", position):
                done.append("$${" if state.is_code else self._mark("$${", "${", 3))
            elif text.startswith("${", position):
                done.append(self._reference(text, position, inside=not state.is_code))
            else:
                step = state.step(text, position)
                done.append(text[position : position + step])
            position += len(done[-1])
        return "".join(done)

    def _reference(self, text: str, position: int, *, inside: bool) -> str:
        found = _REFERENCE.match(text, position)
        if found is None:
            raise BadExpression(
                "`${` without a name and `}`",
                position,
                "write ${NAME}, ${NAME:-default}, or $${ for the two signs",
                text=text,
            )
        name, default = found[1], found[2]
        value = self._environ.get(name) or default
        if value is None:
            raise BadExpression(
                f"{quoted(name)} is not set in the environment",
                position,
                f"set it, or write ${{{name}:-default}}",
                text=text,
            )
        if any("\ud800" <= letter <= "\udfff" for letter in value):
            raise BadExpression(f"{quoted(name)} is not valid UTF-8", position, text=text)
        if inside:
            return self._mark(found[0], value, len(found[0]))
        return self._identifier(found[0], value)

    def _number(self, written: str) -> int:
        number = self._bound.setdefault(written, len(self._bound))
        if number >= min(_MOST, 0xF8FF - _FIRST):
            raise BadExpression("too many constants")
        return number

    def _mark(self, written: str, value: str, length: int) -> str:
        mark = chr(_FIRST + self._number(written)) + _FILL * (length - 1)
        self.constants[mark] = value
        return mark

    def _identifier(self, written: str, value: str) -> str:
        number = self._number(written)
        digits = _DIGITS[number // 1296] + _DIGITS[number // 36 % 36] + _DIGITS[number % 36]
        name = ("_" + digits).ljust(len(written), "_")
        self.constants[name] = value
        return name


def map_texts(value: object, change: Callable[[str], object]) -> object:
    """A YAML value with every text in it changed; keys stay. `path` of a BadExpression is set."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _at(key, part, change) for key, part in value.items()}
    if isinstance(value, list):
        return [_at(index, part, change) for index, part in enumerate(value)]
    return value


def _at(key: str | int, value: object, change: Callable[[str], object]) -> object:
    try:
        return map_texts(value, change)
    except BadExpression as error:
        error.path = (key, *error.path)
        raise


def bind_constants(text: str, environ: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    """An expression with its `${NAME}` bound, and the constants to compile it with.

    `compile_expression(*…)`: `text, constants = bind_constants(written, environ)`, then
    `compile_expression(text, constants=constants, source=written)`. Raises BadExpression.
    """
    binder = Binder(environ)
    return binder.expression(text), binder.constants


def bind_text_constants(text: str, environ: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    """The same for a text with `{{ … }}` in it (`compile_text`). Raises BadExpression."""
    binder = Binder(environ)
    return binder.template(text), binder.constants
