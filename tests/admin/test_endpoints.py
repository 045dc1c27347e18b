"""Endpoints as people see them: state, breaker, last error; and the buttons that change them."""

import pytest

from gateway.delivery.outcomes import Said
from gateway.plan.plan import BreakerPolicy, Endpoint
from tests.admin.conftest import Dashboard
from tests.delivery.setting import target

A, B = "http://10.0.0.1/x", "http://10.0.0.2/x"
FAILED = Said(good=False, taken=False, too_much=False, error="nothing <b>listens</b> there")


@pytest.fixture
def two(dashboard: Dashboard) -> Dashboard:
    """A target of two endpoints, the first of which failed until its breaker opened."""
    demo = dashboard.demo
    pair = (Endpoint(A), Endpoint(B))
    ledger = target("ledger", endpoints=pair, breaker=BreakerPolicy(failures=1))
    demo.plan.targets["ledger"] = ledger  # type: ignore[index]  # a dict, to those who know
    gate = demo.gates.of("ledger")
    pick = gate.pick("", demo.clock())
    assert pick is not None
    gate.ended(pick, FAILED, demo.clock())
    return dashboard


async def test_the_page_shows_each_endpoint_with_its_state_and_last_error(two: Dashboard) -> None:
    page = await two.page("/targets")
    assert page.count(f"<code>{A}</code>") == page.count(f"<code>{B}</code>") == 1
    assert "breaker open" in page
    assert "a probe may go" in page
    assert "nothing &lt;b&gt;listens&lt;/b&gt; there" in page
    assert "Oldest pending" in page


async def test_the_api_shows_it_to_programs(two: Dashboard) -> None:
    async with two.client.get("/api/v1/status") as answer:
        found = {one["name"]: one for one in (await answer.json())["targets"]}
    first, second = found["ledger"]["endpoints"]
    assert (first["state"], first["breaker"], first["last_error"]) == ("open", "open", FAILED.error)
    assert (second["state"], second["breaker"], second["last_error"]) == ("well", "closed", None)
    assert first["probe_at"] > first["since"]
    assert found["chat"]["endpoints"][0]["breaker"] is None


async def test_buttons_take_an_endpoint_out_and_back_in(two: Dashboard) -> None:
    answer = await two.change("/targets/ledger/breaker/open", endpoint=B)
    assert (answer.status, answer.headers["Location"]) == (303, "/targets?did=breaker_open")
    page = await two.page("/targets?did=breaker_open")
    assert "opened by a person" in page
    assert "Nothing is sent there" in page
    assert "No endpoint may be tried now" in page
    for endpoint in (A, B):
        await two.change("/targets/ledger/breaker/close", endpoint=endpoint)
    assert "breaker open" not in await two.page("/targets")
    entries = await two.demo.store.audited(None, 9)
    assert [entry.action for entry in entries][:3] == ["breaker close"] * 2 + ["breaker open"]
    answer = await two.change("/targets/ledger/breaker/open", endpoint="http://elsewhere/")
    assert answer.status == 422


async def test_the_verbs_of_the_api_say_what_they_take(two: Dashboard) -> None:
    async def post(**body: object) -> tuple[int, object]:
        headers = {"X-CSRF-Token": await two.token(), "Origin": two.origin}
        async with two.client.post("/api/v1/breaker", json=body, headers=headers) as answer:
            whole = answer.content_type.endswith("json")
            return answer.status, await (answer.json() if whole else answer.text())

    assert await post(verb="open", target="ledger", endpoint="10.0.0.2") == (
        200,
        {"endpoints": [B]},
    )
    assert (await post(verb="shut", target="ledger"))[0] == 400
    assert (await post(verb="open"))[0] == 400
    assert (await post(verb="open", target="ledger", endpoint=5))[0] == 400
    assert (await post(verb="open", target="nobody"))[0] == 422
