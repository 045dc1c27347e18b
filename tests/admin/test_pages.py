"""What the pages and the API show: all of it, in order, and nothing a sender wrote as markup."""

import re
from html.parser import HTMLParser

import orjson
import pytest

from tests.admin.conftest import Dashboard
from tests.admin.demo import HOSTILE

FIELDS = {
    *("id", "seq", "source", "provider", "type", "providertype", "providerid", "dedup_key"),
    *("subject", "time", "received_at", "verified", "flags", "duplicates", "state"),
    *("deliveries", "size"),
}
COUNTS = {"pending", "leased", "held", "delivered", "dead", "canceled"}
LOGO = "/static/favicon.svg"
PAGES = ("/events", "/deliveries", "/refused", "/sources", "/targets")


class Tags(HTMLParser):
    """The tags of a page and their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[dict[str, str | None]] = []
        self.handlers: list[str] = []
        self.foreign: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.scripts.append(dict(attrs))
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        if tag in {"img", "iframe", "object", "svg"} and dict(attrs).get("src") != LOGO:
            self.foreign.append(tag)


async def test_what_senders_write_is_text_on_every_page(dashboard: Dashboard) -> None:
    paths = [*PAGES, *(f"/events/{id}" for id in dashboard.events.values())]
    paths += [f"/events/{dashboard.events['hostile']}?view={view}" for view in ("raw", "hex")]
    for path in paths:
        tags = Tags()
        tags.feed(await dashboard.page(path))
        assert all((script.get("src") or "").startswith("/static/") for script in tags.scripts)
        assert tags.handlers == []
        assert tags.foreign == []


async def test_the_api_has_the_pinned_fields_newest_first(dashboard: Dashboard) -> None:
    found = orjson.loads(await dashboard.page("/api/v1/events"))
    assert all(set(event) == FIELDS for event in found)
    assert all(set(event["deliveries"]) == COUNTS for event in found)
    seqs = [event["seq"] for event in found]
    assert seqs == sorted(seqs, reverse=True)
    states = {event["id"]: event["state"] for event in found}
    for state in ("unrouted", "delivered", "dead", "pending", "held"):
        assert states[dashboard.events[state]] == state


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("state=dead", {"dead"}),
        ("source=stripe", {"dead"}),
        ("type=payment.*", {"dead"}),
        ("type=ci.pipeline.finished", {"pending"}),
        ("source=stripe&state=delivered", set()),
        ("source=nothing", set()),
    ],
)
async def test_filters_live_in_the_url(dashboard: Dashboard, query: str, names: set[str]) -> None:
    wanted = {dashboard.events[name] for name in names}
    found = orjson.loads(await dashboard.page(f"/api/v1/events?{query}"))
    assert {event["id"] for event in found} == wanted
    text = await dashboard.page(f"/events?{query}")
    assert set(re.findall(r"/events/(evt_\w+)", text)) == wanted


async def test_an_id_and_a_subject_find_their_event(dashboard: Dashboard) -> None:
    id = dashboard.events["dead"]
    for text in (id, "order-4711"):
        assert id in await dashboard.page(f"/events?text={text}")


async def test_pages_by_keyset_show_each_event_once(dashboard: Dashboard) -> None:
    whole = [event["id"] for event in orjson.loads(await dashboard.page("/api/v1/events"))]
    seen: list[str] = []
    query = "limit=3"
    while True:
        part = orjson.loads(await dashboard.page(f"/api/v1/events?{query}"))
        if not part:
            break
        seen += [event["id"] for event in part]
        query = f"limit=3&before={part[-1]['seq']}"
    assert seen == whole


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "before=x", "state=nonsense", "limit=99999999"]
)
async def test_a_wrong_parameter_is_said(dashboard: Dashboard, query: str) -> None:
    async with dashboard.client.get(f"/api/v1/events?{query}") as answer:
        assert answer.status == 400
        assert answer.content_type == "application/problem+json"


async def test_one_event_is_shown_whole(dashboard: Dashboard) -> None:
    text = await dashboard.page(f"/events/{dashboard.events['dead']}")
    for part in ("payment.succeeded", "order-4711", "1999", "EUR", "422", "no such account", "ledger",
                 "Retry", "Replay"):  # fmt: skip
        assert part.lower() in text.lower(), part


async def test_a_binary_body_is_readable_as_hex(dashboard: Dashboard) -> None:
    text = await dashboard.page(f"/events/{dashboard.events['binary']}?view=hex")
    assert "00 01 02 03" in text


async def test_refused_requests_have_their_reasons(dashboard: Dashboard) -> None:
    text = await dashboard.page("/refused")
    for part in ("bad_signature", "no key of 2 fits the signature", "stale", "203.0.113.9"):
        assert part in text


async def test_closed_sources_and_their_reasons_are_seen(dashboard: Dashboard) -> None:
    text = await dashboard.page("/sources")
    assert "STRIPE_SIGNING_SECRET" in text
    assert "a plain token proves nothing about the body" in text
    assert "closed" in text


async def test_unknown_things_are_404(dashboard: Dashboard) -> None:
    for path in ("/events/evt_nothing", "/nothing", "/static/../pyproject.toml", "/api/v1/nothing"):
        await dashboard.page(path, status=404)


async def test_a_dead_delivery_is_retried_by_a_form(dashboard: Dashboard) -> None:
    id = dashboard.events["dead"]
    detail = orjson.loads(await dashboard.page(f"/api/v1/events/{id}"))
    (delivery,) = detail["deliveries_made"] if "deliveries_made" in detail else detail["deliveries"]
    async with await dashboard.change(f"/deliveries/{delivery['id']}/retry") as answer:
        assert answer.status == 303
    (event,) = orjson.loads(await dashboard.page("/api/v1/events?source=stripe"))
    assert event["state"] == "pending"


async def test_the_hostile_text_is_there_to_be_read(dashboard: Dashboard) -> None:
    assert "&lt;script&gt;alert(" in await dashboard.page(f"/events/{dashboard.events['hostile']}")
    assert HOSTILE not in await dashboard.page("/events")
