"""From an event, its route and its target to the request that is sent.

What cannot be rendered raises `ExpressionFailed`; its delivery is held with that reason.
"""

from dataclasses import dataclass
from functools import cache

import orjson

from gateway import providers
from gateway.delivery import headers
from gateway.delivery.sign import body_hmac
from gateway.model.record import record
from gateway.model.records import Keys, Work
from gateway.model.request import Headers
from gateway.model.states import Trigger
from gateway.plan.plan import Target
from gateway.providers import payload
from gateway.routing import cloudevents
from gateway.routing.budget import Budget
from gateway.routing.match import Route
from gateway.routing.scope import HeaderValues, Scope
from gateway.routing.ties import key_of


@record
class Request:
    """What an endpoint is sent."""

    headers: str
    """As they stand in its head, see `net.place.lines`."""
    body: bytes


@dataclass(frozen=True, slots=True)
class _Provider:
    form_field: str
    raw_headers: tuple[str, ...]


@cache
def _provider(name: str) -> _Provider:
    """Kept: to look whether a provider is shipped reads a folder, which no attempt may wait for."""
    try:
        declaration = providers.load(name)
    except KeyError:  # `custom`, or one that is shipped no more
        return _Provider("", ())
    return _Provider(declaration.form_field, declaration.raw_headers)


def scope_of(work: Work, found: payload.Payload) -> Scope:
    """What expressions see of a stored event."""
    event = work.event
    return Scope(
        event=orjson.loads(event.fields),
        payload=found.value,
        headers=HeaderValues(Headers(work.headers())),
        source=event.source,
        type=event.type,
        id=event.id,
    )


def read_payload(work: Work) -> payload.Payload:
    """The payload of a stored event, read from its receipt's bytes as it was when it came."""
    form_field = _provider(work.event.provider).form_field
    return payload.read(work.body, work.content_type, form_field)


def wanted(work: Work, route: Route) -> bool:
    """Judges a route's `when` again. Raises `ExpressionFailed`."""
    if route.when is None:
        return True
    return route.when.test(scope_of(work, read_payload(work)), Budget())


def lane(work: Work, route: Route) -> Keys | None:
    """The lane of a delivery whose expression could not be judged when its event came; None: it is
    in none. Raises `ExpressionFailed`."""
    if route.order_by is None or work.delivery.order_key is not None:
        return None
    key = key_of(route.order_by, scope_of(work, read_payload(work)), Budget())
    return None if key is None else Keys(order=key, stops=route.on_dead == "hold")


def render(work: Work, route: Route, target: Target, now: float, trigger: Trigger) -> Request:
    """The request of one attempt, whichever endpoint it goes to. Raises `ExpressionFailed`."""
    reading = _Reading(work)
    raw = False
    if route.transform is not None:
        said = headers.TRANSFORMED
        body = orjson.dumps(route.transform.render(reading.scope(), reading.budget))
    elif route.format == "raw":
        raw, body = True, work.body
        said = headers.passed(work, _provider(work.event.provider).raw_headers)
    else:
        said = headers.CLOUDEVENT
        body = cloudevents.envelope(work.event, reading.whole(), work.body)
    said += headers.ours(work, target, now, trigger, body, raw=raw)
    of_target = [
        (
            name,
            template.render(reading.scope(), reading.budget)
            if template.constant is None
            else template.constant,
        )
        for name, template in target.headers
    ]
    of_target += _known_by(work, target, now, body)
    if of_target:
        said = headers.instead(said, of_target)
    return Request(said, body)


class _Reading:
    """The event as expressions see it, read when the first of them asks."""

    __slots__ = ("_budget", "_found", "_scope", "_work")

    def __init__(self, work: Work) -> None:
        self._work = work
        self._found: payload.Payload | None = None
        self._scope: Scope | None = None
        self._budget: Budget | None = None

    @property
    def budget(self) -> Budget:
        """Of all expressions of the attempt together."""
        if self._budget is None:
            self._budget = Budget()
        return self._budget

    def whole(self) -> payload.Payload:
        """For passing on; its value is nobody's question there."""
        if self._work.is_json:
            return payload.Payload(None, self._work.body)
        return self._payload()

    def scope(self) -> Scope:
        if self._scope is None:
            self._scope = scope_of(self._work, self._payload())
        return self._scope

    def _payload(self) -> payload.Payload:
        if self._found is None:
            self._found = read_payload(self._work)
        return self._found


def _known_by(work: Work, target: Target, now: float, body: bytes) -> list[tuple[str, str]]:
    """The headers of `auth`; a token is put in when the request is sent."""
    found = []
    if target.authorization is not None:
        found.append(("Authorization", target.authorization))
    if target.hmac is not None:
        value = body_hmac(target.hmac, work.delivery.id, int(now), body)
        found.append((target.hmac.header, value))
    return found
