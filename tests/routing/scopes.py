"""Scopes that the routing tests share."""

from collections.abc import Mapping

from gateway.routing.expressions import Budget, Scope, compile_expression

PAYLOAD: dict[str, object] = {
    "items": ["a", "b"],
    "repository": {"full_name": "acme/site", "private": False},
    "commits": [{"id": "c1", "message": "Mend the gate"}, {"id": "c2", "message": "[skip ci]"}],
    "n": 42,
    "f": 1.5,
    "s": "Grüße",
    "text": "  main ",
    "zero": 0,
    "yes": True,
    "no": False,
    "null": None,
    "empty": "",
    "digits": "17",
}


def scope(payload: object = PAYLOAD, event: Mapping[str, object] | None = None) -> Scope:
    """One event's scope."""
    return Scope(
        event={"branch": "main", "repo": "acme/site", "amount": 1200} if event is None else event,
        payload=payload,
        headers={"x-github-event": "push"},
        source="github",
        type="vcs.push",
        id="evt_1",
    )


def value(text: str, payload: object = PAYLOAD) -> object:
    """What an expression gives."""
    return compile_expression(text).evaluate(scope(payload), Budget())
