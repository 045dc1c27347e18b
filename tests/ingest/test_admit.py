"""From a proven request to its deliveries: held, leased or pending, and never lost to a mistake."""

import hmac

import pytest

from gateway.errors import ExpressionFailed
from gateway.model.records import Keys
from gateway.model.states import DeliveryState, Reason
from gateway.providers.declaration import Batch
from gateway.routing.expressions import compile_expression
from gateway.routing.match import Debounce
from tests import fakes
from tests.ingest.wire import BODY, gate, post


class Broken:
    """A condition that fails."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def test(self, scope, budget) -> bool:
        raise self.error


class Wants:
    """A condition that looks at what it is given."""

    def __init__(self, answer) -> None:
        self.answer = answer

    def test(self, scope, budget) -> bool:
        return self.answer(scope, budget)


async def deliveries(*routes, dispatch=None, paused=(), expect=202):
    plan = fakes.plan(fakes.source(), routes=routes)
    async with gate(plan, dispatch=dispatch or fakes.Dispatch()) as one:
        one.pauses.names.update(paused)
        assert (await one.send(post())).status == expect
    return one, one.store.admissions[0].events[0].deliveries


async def test_each_target_of_each_route_gets_a_delivery() -> None:
    _, made = await deliveries(
        fakes.route("a", targets=["one", "two"]), fakes.route("b", targets=["one"])
    )
    assert [(d.route, d.target) for d in made] == [("a", "one"), ("a", "two"), ("b", "one")]
    assert len({d.id for d in made}) == 3
    assert {d.state for d in made} == {DeliveryState.PENDING}
    assert {d.next_at for d in made} == {1_790_000_000.0}


async def test_what_the_dispatcher_has_room_for_is_leased_by_the_same_commit() -> None:
    one, made = await deliveries(
        fakes.route("a", targets=["one", "two"]), dispatch=fakes.Dispatch(room=1)
    )
    assert [d.state for d in made] == [DeliveryState.LEASED, DeliveryState.PENDING]
    assert one.dispatch.reserved == ["one"]
    admission, admitted = one.dispatch.taken[0]
    assert admission is one.store.admissions[0]
    assert admitted[0].id == admission.events[0].id


async def test_a_duplicate_is_told_to_the_dispatcher_too() -> None:
    plan = fakes.plan(fakes.source(), routes=[fakes.route()])
    async with gate(plan, dispatch=fakes.Dispatch(room=9)) as one:
        await one.send(post())
        await one.send(post())
    assert [admitted[0].duplicate for _, admitted in one.dispatch.taken] == [False, True]


@pytest.mark.parametrize(
    ("paused", "detail"),
    [
        (("source", "orders"), "the source orders is paused"),
        (("route", "all"), "the route all is paused"),
        (("target", "one"), "the target one is paused"),
    ],
)
async def test_what_is_paused_is_held_and_matching_goes_on(paused, detail) -> None:
    one, made = await deliveries(fakes.route(), dispatch=fakes.Dispatch(room=9), paused=[paused])
    assert [(d.state, d.reason, d.detail) for d in made] == [
        (DeliveryState.HELD, Reason.PAUSED, detail)
    ]
    assert one.dispatch.reserved == []


async def test_a_condition_that_fails_holds_its_deliveries_and_no_others() -> None:
    one, made = await deliveries(
        fakes.route("broken", when=Broken(ExpressionFailed("int + text")), targets=["one", "two"]),
        fakes.route("fine"),
    )
    assert [(d.route, d.state, d.detail) for d in made] == [
        ("broken", DeliveryState.HELD, "int + text"),
        ("broken", DeliveryState.HELD, "int + text"),
        ("fine", DeliveryState.PENDING, ""),
    ]
    assert made[0].reason is Reason.EXPRESSION
    assert not one.ears.reports


async def test_a_mistake_of_ours_in_a_condition_holds_too_and_is_heard_of() -> None:
    one, made = await deliveries(
        fakes.route("broken", when=Broken(RecursionError())), fakes.route("fine")
    )
    assert {d.state for d in made} == {DeliveryState.HELD}
    assert len(one.ears.reports) == 1


async def test_an_order_that_fails_holds_its_deliveries_and_a_missing_key_does_not() -> None:
    one, made = await deliveries(
        fakes.route("broken", order_by=compile_expression("payload + 1")),
        fakes.route("keyless", order_by=compile_expression("payload.nothing")),
        fakes.route("keyed", order_by=compile_expression("source"), on_dead="hold"),
        fakes.route("loose"),
        dispatch=fakes.Dispatch(room=9),
    )
    assert [(d.route, d.state, d.reason) for d in made] == [
        ("broken", DeliveryState.HELD, Reason.EXPRESSION),
        ("keyless", DeliveryState.LEASED, Reason.NEW),
        ("keyed", DeliveryState.LEASED, Reason.NEW),
        ("loose", DeliveryState.LEASED, Reason.NEW),
    ]
    assert made[0].detail.startswith("order_by: ")
    assert [d.keys for d in made] == [
        None,
        None,
        Keys(order="orders", stops=True),
        None,
    ]
    assert not one.ears.reports


async def test_what_waits_takes_no_room_in_memory_and_is_due_later() -> None:
    burst = Debounce(compile_expression("source"), 20.0, 200.0)
    one, made = await deliveries(
        fakes.route("later", delay=30.0),
        fakes.route("calm", debounce=burst),
        dispatch=fakes.Dispatch(room=9),
    )
    assert {d.state for d in made} == {DeliveryState.PENDING}
    assert [d.next_at - 1_790_000_000.0 for d in made] == [30.0, 20.0]
    assert one.dispatch.reserved == []
    assert made[1].keys is not None
    assert (made[1].keys.burst, made[1].keys.burst_until) == ("orders", 1_790_000_200.0)


async def test_a_condition_that_does_not_hold_makes_no_delivery() -> None:
    _, made = await deliveries(fakes.route(when=Wants(lambda scope, budget: False)))
    assert made == []


async def test_all_conditions_of_an_event_share_one_budget() -> None:
    seen = []

    def look(scope, budget) -> bool:
        seen.append(budget)
        return True

    await deliveries(fakes.route("a", when=Wants(look)), fakes.route("b", when=Wants(look)))
    assert seen[0] is seen[1]


async def test_a_condition_sees_the_event_and_no_secret() -> None:
    seen = []

    def look(scope, budget) -> bool:
        seen.append(scope)
        return True

    plan = fakes.plan(fakes.source(), routes=[fakes.route(when=Wants(look))])
    async with gate(plan) as one:
        await one.send(post(b'{"n": 1}', "Authorization: Bearer abc", "X-Kind: k"))
    scope = seen[0]
    assert (scope.source, scope.payload) == ("orders", {"n": 1})
    assert scope.id == one.store.admissions[0].events[0].id
    assert scope.headers["x-kind"] == "k"
    assert "abc" not in scope.headers["authorization"]


async def test_a_normalizer_that_fails_keeps_the_event_as_other() -> None:
    class Failing:
        def __init__(self, real) -> None:
            self.payload = real.payload
            self.id_headers = real.id_headers

        def items(self, request, payload, received_at):
            raise KeyError("no such field")

    source = fakes.source()
    plan = fakes.plan(fakes.source(extractor=Failing(source.extractor)), routes=[fakes.route()])
    async with gate(plan) as one:
        first, second = await one.send(post()), await one.send(post())
        assert (first.status, second.status) == (202, 200)
    event = one.store.admissions[0].events[0]
    assert (event.type, "not_normalized" in event.flags) == ("other", True)
    assert event.deliveries
    assert len(one.ears.reports) == 2


async def test_several_events_of_one_request_are_answered_one_by_one() -> None:
    declared = fakes.declaration(batch=Batch(items="/events"), id=("body./id",))
    plan = fakes.plan(fakes.source(declared=declared), routes=[fakes.route()])
    async with gate(plan) as one:
        first = await one.send(post(b'{"events": [{"id": "a"}, {"id": "b"}]}'))
        second = await one.send(post(b'{"events": [{"id": "b"}, {"id": "c"}]}'))
        third = await one.send(post(b'{"events": [{"id": "c"}, {"id": "a"}]}'))
    ids = [event["id"] for event in first.json["events"]]
    assert [event["status"] for event in first.json["events"]] == ["accepted", "accepted"]
    assert second.json["status"] == "accepted"
    assert second.json["events"][0] == {"id": ids[1], "status": "duplicate"}
    assert (third.status, third.json["status"]) == (200, "duplicate")
    assert one.ears.outcomes == ["accepted", "accepted", "duplicate"]


async def test_an_empty_batch_is_kept_as_one_event_of_type_other() -> None:
    declared = fakes.declaration(batch=Batch(items="/events"), id=("body./id",))
    plan = fakes.plan(fakes.source(declared=declared), routes=[fakes.route()])
    async with gate(plan) as one:
        answer = await one.send(post(b'{"events": []}'))
        again = await one.send(post(b'{"events": []}'))
    (event,) = one.store.admissions[0].events
    assert answer.json == {"status": "accepted", "id": event.id}
    assert (event.type, one.store.admissions[0].body) == ("other", b'{"events": []}')
    assert "no_id" in event.flags
    assert again.json == {"status": "duplicate", "id": event.id}


async def test_a_batch_over_its_bound_says_so_on_its_events() -> None:
    declared = fakes.declaration(batch=Batch(items="/events", at_most=2), id=("body./id",))
    plan = fakes.plan(fakes.source(declared=declared), routes=[fakes.route()])
    async with gate(plan) as one:
        await one.send(post(b'{"events": [{"id": "a"}, {"id": "b"}, {"id": "c"}]}'))
        await one.send(post(b'{"events": [{"id": "d"}, {"id": "e"}]}'))
    cut, whole = ([event.flags for event in one.events] for one in one.store.admissions)
    assert cut == [("batch_cut",), ("batch_cut",)]
    assert whole == [(), ()]


async def test_a_body_seen_under_another_unsigned_id_can_be_flagged() -> None:
    plan = fakes.plan(fakes.source())
    async with gate(plan) as one:
        await one.send(post(id="a"))
        await one.send(post(id="b"))
    first, second = (admission.events[0] for admission in one.store.admissions)
    assert first.dedup_key != second.dedup_key
    assert not first.id_signed
    assert not second.id_signed
    macs = {admission.body_mac for admission in one.store.admissions}
    assert macs == {hmac.digest(fakes.SECRET, BODY, "sha256")}


@pytest.mark.parametrize(
    ("body", "kind", "spliced"),
    [
        (b'{"type": "a"}', "application/json", True),
        (b'{"type": "a", "type": "b"}', "application/json", False),
        (b"type=a", "application/x-www-form-urlencoded", False),
        (b"not json", "application/json", False),
        (b"", "application/json", False),
        (b'{"type": "a", "token": "a-secret-of-theirs"}', "application/json", False),
    ],
)
async def test_only_a_body_that_can_be_passed_on_as_it_is_is_called_json(
    body, kind, spliced
) -> None:
    declared = fakes.declaration(secret_at=("body./token",))
    async with gate(fakes.plan(fakes.source(declared=declared))) as one:
        await one.send(post(body, f"Content-Type: {kind}"))
    assert [admission.is_json for admission in one.store.admissions] == [spliced]
