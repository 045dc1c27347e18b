"""Who may look and who may change: rebound names, proxies, other pages, missing tokens."""

import pytest

from tests.admin.conftest import Dashboard

PATHS = ["/events", "/deliveries", "/refused", "/sources", "/targets", "/api/v1/events",
         "/api/v1/status", "/metrics", "/readyz", "/static/style.css", "/nothing"]  # fmt: skip


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.", "", "[::2]"]
)
async def test_a_rebound_name_is_not_answered(dashboard: Dashboard, host: str) -> None:
    for path in PATHS:
        async with dashboard.client.get(path, headers={"Host": host}) as answer:
            assert answer.status == 403 if host else answer.status in {400, 403}


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8081", "127.0.0.1:1", "[::1]:8081"])
async def test_this_machine_is(dashboard: Dashboard, host: str) -> None:
    async with dashboard.client.get("/events", headers={"Host": host}) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "x-forwarded-proto", "Forwarded", "Via", "X-Real-IP"]
)
async def test_a_proxy_is_not_answered(dashboard: Dashboard, header: str) -> None:
    async with dashboard.client.get("/events", headers={header: "127.0.0.1"}) as answer:
        assert answer.status == 403
        assert "proxy" in (await answer.text())


async def test_every_answer_has_the_strict_headers(dashboard: Dashboard) -> None:
    for path in PATHS:
        async with dashboard.client.get(path) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "aiohttp" not in answer.headers["Server"].lower()


async def test_no_page_asks_another_host_for_anything(dashboard: Dashboard) -> None:
    event = dashboard.events["dead"]
    for path in ("/events", f"/events/{event}", "/refused", "/sources", "/targets", "/deliveries"):
        text = await dashboard.page(path)
        for attribute in ('src="', 'href="', 'action="', 'hx-get="', 'hx-post="'):
            for part in text.split(attribute)[1:]:
                assert part.startswith(("/", "?", "#", "data:")), part[:80]
        assert "<style" not in text
        assert 'style="' not in text
        assert "onclick" not in text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:1"},
    ],
    ids=str,
)
async def test_a_change_from_another_page_is_refused(
    dashboard: Dashboard, headers: dict[str, str]
) -> None:
    data = {"csrf": await dashboard.token()}
    async with dashboard.client.post("/reload", data=data, headers=headers) as answer:
        assert answer.status == 403
    assert dashboard.demo.reloads == 0


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
async def test_a_change_without_the_token_is_refused(dashboard: Dashboard, token: str) -> None:
    await dashboard.token()
    async with dashboard.client.post(
        "/reload", data={"csrf": token}, headers={"Origin": dashboard.origin}
    ) as answer:
        assert answer.status == 403
    assert dashboard.demo.reloads == 0


async def test_a_token_is_of_one_browser(dashboard: Dashboard) -> None:
    token = await dashboard.token()
    dashboard.client.session.cookie_jar.clear()
    headers = {"Origin": dashboard.origin, "Cookie": "gateway_csrf=" + "A" * 22}
    async with dashboard.client.post("/reload", data={"csrf": token}, headers=headers) as answer:
        assert answer.status == 403
    assert dashboard.demo.reloads == 0


async def test_a_form_of_ours_changes_something(dashboard: Dashboard) -> None:
    async with await dashboard.change("/reload") as answer:
        assert answer.status == 303
    assert dashboard.demo.reloads == 1


async def test_nothing_changes_by_looking(dashboard: Dashboard) -> None:
    for path in ("/reload", "/deliveries/retry", f"/events/{dashboard.events['dead']}/replay"):
        async with dashboard.client.get(path) as answer:
            assert answer.status in {404, 405}
    assert dashboard.demo.reloads == 0
