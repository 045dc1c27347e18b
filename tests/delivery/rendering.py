"""Builds what `render` takes, and reads what it gives."""

from collections.abc import Sequence
from dataclasses import replace

from gateway.delivery.render import Request, render
from gateway.model.records import Work
from gateway.model.states import Trigger
from gateway.plan.plan import Target
from gateway.routing.match import Route
from gateway.routing.templates import compile_text
from tests import fakes
from tests.delivery.setting import pairs, target, work

NOW = 1_790_000_000.75


def stored(
    body: bytes = b'{"name": "a"}',
    headers: Sequence[tuple[bytes, bytes]] = (),
    *,
    provider: str = "custom",
    content_type: str = "application/json",
    **delivery: object,
) -> Work:
    """A leased delivery of an event with this body."""
    one = work(7, **delivery)
    event = replace(one.event, provider=provider, fields=b'{"n":1}', size=len(body))
    return replace(
        one, event=event, headers=lambda: tuple(headers), content_type=content_type, body=body
    )


def call_of(
    event: Work,
    to: Target | None = None,
    route: Route | None = None,
    *,
    now: float = NOW,
    trigger: Trigger = Trigger.INITIAL,
) -> Request:
    """The request of one attempt."""
    return render(event, route or fakes.route(), to or target(), now, trigger)


def names(call: Request) -> set[str]:
    return {name.lower() for name, _ in pairs(call)}


def with_header(value: str, name: str = "X-Of-Ours") -> Target:
    """A target with one templated header."""
    return target(headers=[(name, compile_text(value))])
