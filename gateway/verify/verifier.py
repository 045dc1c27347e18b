"""A source's proof: the live ways of its provider, bound to its secrets.

Which of several ways judges a request is decided here and nowhere else; what a way does is its
scheme's business.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gateway.model.request import Request
from gateway.verify.base import BadKey, Context, Key, Proof, Refusal, Scheme, Secret


class Way(Protocol):
    """What is asked of a declaration's way."""

    @property
    def scheme(self) -> Scheme: ...
    @property
    def secret_prefix(self) -> str: ...
    @property
    def option(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Bound:
    """A scheme with the keys it may use, newest first as configured."""

    scheme: Scheme
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Verifier:
    """Judges requests of one source."""

    bound: tuple[Bound, ...]
    context: Context
    secret_headers: frozenset[bytes] = field(init=False)
    """Headers that carry a secret itself, in lower case: never stored as they came."""

    def __post_init__(self) -> None:
        if not self.bound or not all(way.keys for way in self.bound):
            raise ValueError("a verifier needs at least one way, and each way a key")
        names = {name.encode() for way in self.bound for name in way.scheme.secret_headers()}
        object.__setattr__(self, "secret_headers", frozenset(names))

    def verify(self, request: Request, now: float) -> Proof | Refusal:
        """Judges by the first way whose header is there; there is no second try.

        now: unix seconds.
        """
        judge = self.bound[0]
        if len(self.bound) > 1:
            judge = next((way for way in self.bound if way.scheme.present(request)), judge)
        return judge.scheme.verify(request, judge.keys, now, self.context)

    def covers(self, ref: str) -> bool:
        """Whether every live way signs what `ref` names: one that does not could be forged."""
        return all(way.scheme.covers(ref) for way in self.bound)


def bind(
    ways: Sequence[Way],
    secrets: Sequence[Secret],
    options: Mapping[str, str | bool | None],
    context: Context,
) -> Verifier | list[str]:
    """Chooses the live ways and decodes the secrets for them.

    Of the secrets each belongs to the first open way that takes it. The first way with a secret of
    its own is live, and with it the later ones that take the same secrets (the same prefix): so a
    configured signing token shuts out a plain one.
    Returns what is wrong instead, for a person and without a secret, if anything is.
    """
    open_ways = [way for way in ways if not way.option or options.get(way.option) is True]
    if not secrets:
        return ["no secret is configured"]
    problems: list[str] = []
    owned: dict[str, list[Secret]] = {}
    for secret in secrets:
        owner = next((way for way in open_ways if _takes(way, secret)), None)
        if owner is None:
            problems.append(f"{secret.label}: {_unfit(open_ways)}")
        else:
            owned.setdefault(owner.secret_prefix, []).append(secret)
    first = next((way for way in open_ways if way.secret_prefix in owned), None)
    if first is None:
        return problems
    bound: list[Bound] = []
    for way in open_ways:
        if way.secret_prefix != first.secret_prefix:
            continue
        problems += [need for name in way.scheme.needs() if (need := _unmet(name, context))]
        keys, unreadable = _keys(way.scheme, owned[way.secret_prefix])
        problems += [problem for problem in unreadable if problem not in problems]
        bound.append(Bound(way.scheme, keys))
    return problems or Verifier(tuple(bound), context)


def _takes(way: Way, secret: Secret) -> bool:
    return secret.value.startswith(way.secret_prefix.encode())


def _unfit(ways: Sequence[Way]) -> str:
    prefixes = sorted({way.secret_prefix for way in ways if way.secret_prefix})
    return f"must begin with {' or '.join(prefixes)}" if prefixes else "no way takes it"


def _unmet(name: str, context: Context) -> str:
    if name == "url":
        return "" if context.url else "the sender signs our URL: set server.public_url"
    option = name.removeprefix("option.")
    return "" if (context.options or {}).get(option) else f"options.{option} is needed and not set"


def _keys(scheme: Scheme, secrets: Sequence[Secret]) -> tuple[tuple[Key, ...], list[str]]:
    keys: list[Key] = []
    problems: list[str] = []
    for secret in secrets:
        try:
            keys.append(scheme.key(secret))
        except BadKey as error:
            problems.append(f"{secret.label}: {error}")
    return tuple(keys), problems
