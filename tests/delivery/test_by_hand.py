"""A person's open and close: of one endpoint or all, audited, kept over restarts."""

import pytest

from gateway.delivery.actions import NotThere
from gateway.delivery.by_hand import KEY, ByHand
from gateway.delivery.gates import Gates
from gateway.model.endpoints import EndpointState
from gateway.model.records import AuditEntry
from gateway.plan.plan import Endpoint
from tests.delivery.setting import plan, target

A, B = "http://10.0.0.1:8000/x", "http://10.0.0.2:8000/x"
PLAN = plan(target("one", endpoints=(Endpoint(A), Endpoint(B))), target("two"))
NOW = 1_790_000_000.0


class Kept:
    """The store's small values, and its audit log."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.audited: list[AuditEntry] = []

    async def get(self, key: str) -> bytes | None:
        return self.values.get(key)

    async def put(self, key: str, value: bytes | None) -> None:
        if value is None:
            self.values.pop(key, None)
        else:
            self.values[key] = value

    async def audit(self, entry: AuditEntry) -> None:
        self.audited.append(entry)


def started(store: Kept) -> tuple[ByHand, Gates]:
    gates = Gates(lambda: PLAN, lambda: NOW, lambda: 0.0)
    return ByHand(store, gates, lambda: PLAN, lambda: NOW), gates  # type: ignore[arg-type]  # so much of it


def states(gates: Gates, name: str = "one") -> list[EndpointState]:
    return [one.state for one in gates.statuses()[name].endpoints]


@pytest.mark.parametrize("named", [B, "10.0.0.2:8000"])
async def test_one_endpoint_by_its_url_or_its_host_and_port(named: str) -> None:
    by_hand, gates = started(Kept())
    assert await by_hand.set("open", "one", named, "ops") == [B]
    assert states(gates) == [EndpointState.WELL, EndpointState.OPEN]
    assert await by_hand.set("close", "one", named, "ops") == [B]
    assert states(gates) == [EndpointState.WELL] * 2


async def test_without_an_endpoint_all_of_the_target_and_of_no_other() -> None:
    by_hand, gates = started(Kept())
    assert await by_hand.set("open", "one", None, "ops") == [A, B]
    assert states(gates) == [EndpointState.OPEN] * 2
    assert states(gates, "two") == [EndpointState.WELL]


async def test_it_is_kept_over_restarts_until_it_is_closed() -> None:
    store = Kept()
    by_hand, _ = started(store)
    await by_hand.set("open", "one", None, "ops")
    by_hand, gates = started(store)
    await by_hand.load()
    assert states(gates) == [EndpointState.OPEN] * 2
    await by_hand.set("close", "one", A, "ops")
    by_hand, gates = started(store)
    await by_hand.load()
    assert states(gates) == [EndpointState.WELL, EndpointState.OPEN]
    await by_hand.set("close", "one", B, "ops")
    assert KEY not in store.values


async def test_it_is_audited() -> None:
    store = Kept()
    by_hand, _ = started(store)
    await by_hand.set("open", "one", A, "ops")
    (entry,) = store.audited
    assert (entry.who, entry.action, entry.object) == ("ops", "breaker open", "target one")
    assert entry.detail == A


@pytest.mark.parametrize(
    ("name", "endpoint", "said"),
    [("three", None, "no target 'three'"), ("one", "x", "no endpoint")],
)
async def test_what_is_not_there_is_said(name: str, endpoint: str | None, said: str) -> None:
    store = Kept()
    by_hand, _ = started(store)
    with pytest.raises(NotThere, match=said):
        await by_hand.set("open", name, endpoint, "ops")
    assert (store.values, store.audited) == ({}, [])


async def test_a_target_that_is_gone_for_a_while_is_still_out_when_it_is_back() -> None:
    whole = plan(target("one", endpoints=(Endpoint(A),)))
    gates = Gates(lambda: whole, lambda: NOW, lambda: 0.0)
    by_hand = ByHand(Kept(), gates, lambda: whole, lambda: NOW)  # type: ignore[arg-type]  # so much of it
    await by_hand.set("open", "one", None, "ops")
    back, whole = whole, plan(target("two"))
    assert "one" not in gates.statuses()
    gates.of("one")
    whole = back
    assert states(gates) == [EndpointState.OPEN]
