"""Access tokens: one fetch for all who wait, renewed early, and no word of a secret in a failure."""

import asyncio
import base64
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import pytest

from gateway.delivery.tokens import AGAIN_FIRST, AuthFailed, Tokens
from gateway.model.records import Due, Moved, Selection
from gateway.model.states import Reason
from gateway.net.egress import Call, FetchFailed
from gateway.net.sending import Answer
from gateway.plan.credentials import OAuth2
from tests.delivery.setting import OK, MemoryDeliveries, dispatching, pairs, plan, target
from tests.delivery.virtual import clock, run

HOW = OAuth2("https://id.test/token", "us", "the+secret", scope="a b", audience="x", send="basic")
REFUSED = replace(OK, status=401)


@dataclass
class Server:
    """Gives tokens 1, 2, 3 … or what it is told to say."""

    how: OAuth2 = HOW
    lifetime: object = 1000
    said: bytes = b""
    error: FetchFailed | None = None
    seconds: float = 0.0
    asked: list[dict[str, object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.known = {self.how}
        self.tokens = Tokens(self.fetch, lambda: self.known, clock)

    async def fetch(self, url: str, **asked: object) -> bytes:
        self.asked.append({"url": url, **asked})
        if self.seconds:
            await asyncio.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        answer = {"access_token": str(len(self.asked)), "token_type": "bearer"}
        if self.lifetime is not None:
            answer["expires_in"] = self.lifetime
        return self.said or orjson.dumps(answer)

    async def get(self) -> str:
        return await self.tokens.get(self.how)


def test_many_who_wait_ask_once_and_nobody_who_leaves_takes_it_away() -> None:
    async def main() -> None:
        server = Server(seconds=3.0)
        first = asyncio.create_task(server.get())
        waiting = [asyncio.create_task(server.get()) for _ in range(20)]
        await asyncio.sleep(1)
        first.cancel()
        assert await asyncio.gather(*waiting) == ["1"] * 20
        assert len(server.asked) == 1

    run(main())


def test_a_token_is_renewed_while_the_old_one_is_used_and_never_used_past_its_life() -> None:
    async def main() -> None:
        server = Server(seconds=1.0)
        assert await server.get() == "1"
        await asyncio.sleep(790)
        assert await server.get() == "1"
        assert len(server.asked) == 1
        await asyncio.sleep(20)
        assert await server.get() == "1"  # and asks for another, for later
        await asyncio.sleep(2)
        assert await server.get() == "2"
        await asyncio.sleep(999)
        assert await server.get() == "3"

    run(main())


@pytest.mark.parametrize("lifetime", [None, 0, -5, "soon", True, [1]])
def test_a_server_that_says_no_lifetime_is_asked_again_after_a_while(lifetime) -> None:
    async def main() -> None:
        server = Server(lifetime=lifetime)
        assert await server.get() == "1"
        await asyncio.sleep(200)
        assert await server.get() == "1"
        await asyncio.sleep(100)
        assert await server.get() == "2"

    run(main())


def test_the_request_is_the_standards() -> None:
    async def main() -> None:
        server = Server()
        await server.get()
        (asked,) = server.asked
        assert asked["url"] == "https://id.test/token"
        assert dict(asked["form"]) == {
            "grant_type": "client_credentials", "scope": "a b", "audience": "x",
        }  # fmt: skip
        # RFC 6749, 2.3.1: form-encoded before it is Basic.
        pair = base64.b64encode(b"us:the%2Bsecret").decode()
        assert dict(asked["headers"])["Authorization"] == f"Basic {pair}"
        body = Server(replace(HOW, send="body", scope="", audience=""))
        await body.get()
        assert dict(body.asked[0]["form"]) == {
            "grant_type": "client_credentials", "client_id": "us", "client_secret": "the+secret",
        }  # fmt: skip
        assert "Authorization" not in dict(body.asked[0]["headers"])

    run(main())


@pytest.mark.parametrize(
    "said",
    [
        b"<html>", b"[]", b"{}", b'{"access_token": ""}', b'{"access_token": 5}',
        b'{"access_token": "a\\nb"}', b'{"access_token": "\xc3\xa4"}',
        b'{"access_token": "a", "token_type": "mac"}', b'{"access_token": "a", "token_type": 1}',
    ],
)  # fmt: skip
def test_an_answer_without_a_usable_token_is_a_failure_that_quotes_nothing(said) -> None:
    async def main() -> None:
        with pytest.raises(AuthFailed, match="token server") as failed:
            await Server(said=said).get()
        assert said.decode() not in str(failed.value)

    run(main())


@pytest.mark.parametrize(
    ("excerpt", "word"),
    [
        (b'{"error": "invalid_client"}', "invalid_client"),
        (b'{"error": "the+secret"}', ""),
        (b'{"error": ["invalid_client"]}', ""),
        (b"the+secret", ""),
    ],
)
def test_a_refusal_is_told_in_the_standards_words_alone(excerpt, word) -> None:
    async def main() -> None:
        with pytest.raises(AuthFailed) as failed:
            await Server(error=FetchFailed("the answer was 401", excerpt)).get()
        assert "the answer was 401" in str(failed.value)
        assert word in str(failed.value)
        assert "secret" not in str(failed.value)

    run(main())


def test_a_server_that_fails_is_asked_less_and_less_and_by_nobody_else() -> None:
    async def main() -> None:
        server = Server(error=FetchFailed("no connection"))
        for _ in range(100):
            with pytest.raises(AuthFailed):
                await server.get()
        assert len(server.asked) == 1
        assert server.tokens.failing(HOW)
        heard: list[OAuth2] = []
        server.tokens.recovered = heard.append
        await asyncio.sleep(3600)
        assert 10 < len(server.asked) < 20
        server.error = None
        await asyncio.sleep(301)
        assert heard == [HOW]
        assert not server.tokens.failing(HOW)

    run(main())


def test_a_way_that_is_gone_from_the_plan_is_not_tried_again() -> None:
    async def main() -> None:
        server = Server(error=FetchFailed("no connection"))
        with pytest.raises(AuthFailed):
            await server.get()
        server.known.clear()
        await asyncio.sleep(10_000)
        assert len(server.asked) == 1

    run(main())


def test_a_refused_token_is_replaced_once_and_a_fresh_one_is_not_to_blame() -> None:
    async def main() -> None:
        server = Server()
        assert await server.get() == "1"
        assert await server.tokens.instead_of(HOW, "1") is None
        await asyncio.sleep(AGAIN_FIRST + 1)
        assert await server.tokens.instead_of(HOW, "1") == "2"
        # Another attempt that used the old one takes what is there.
        assert await server.tokens.instead_of(HOW, "1") == "2"
        assert len(server.asked) == 2

    run(main())


def bearer(call: Call) -> str:
    (value,) = [value for name, value in pairs(call) if name == "Authorization"]
    return value


def test_a_401_is_tried_once_more_with_a_new_token_within_the_same_attempt() -> None:
    async def main() -> None:
        server = Server()
        revoked: set[str] = set()
        seen: list[str] = []

        async def answer(call: Call) -> Answer:
            seen.append(bearer(call))
            return REFUSED if seen[-1] in revoked else OK

        async with dispatching(plan(target(oauth2=HOW)), answer, tokens=server.tokens) as one:
            for _ in range(2):
                made = one.store.new().delivery
                one.dispatcher.due([Due(made.seq, made.target, made.next_at)])
                await one.until(lambda: not {"pending", "leased"} & set(one.store.states()))
                revoked.add("Bearer 1")
                await asyncio.sleep(60)
            assert one.store.states() == ["delivered"] * 2
            assert [result.attempt.number for result in one.store.recorded] == [1, 1]
        assert seen == ["Bearer 1", "Bearer 1", "Bearer 2"]

    run(main())


@pytest.mark.parametrize(("seconds", "state"), [(3.0, "delivered"), (30.0, "pending")])
def test_a_new_token_that_is_long_in_coming_holds_no_attempt_past_its_deadline(
    seconds: float, state: str
) -> None:
    async def main() -> None:
        server = Server()
        given: list[float] = []

        async def answer(call: Call) -> Answer:
            given.append(call.timeout)
            return REFUSED if bearer(call) == "Bearer 1" else OK

        whole = plan(target(oauth2=HOW, timeout=10.0))
        async with dispatching(whole, answer, tokens=server.tokens) as one:
            await server.get()
            await asyncio.sleep(AGAIN_FIRST + 1)
            server.seconds = seconds
            made, begun = one.store.new().delivery, clock()
            one.dispatcher.due([Due(made.seq, made.target, made.next_at)])
            await one.until(lambda: bool(one.store.recorded))
            assert clock() - begun < 10.5
            assert one.store.recorded[0].state == state
        assert all(left < 10.0 - seconds + 0.1 for left in given[1:])

    run(main())


def test_without_a_token_deliveries_are_held_and_go_when_there_is_one() -> None:
    async def main() -> None:
        server = Server(error=FetchFailed("the answer was 503"))
        seen: list[str] = []

        async def answer(call: Call) -> Answer:
            seen.append(bearer(call))
            return OK

        def before(store: MemoryDeliveries) -> None:
            for _ in range(5):
                store.new()

        whole = plan(target(oauth2=HOW))
        async with dispatching(whole, answer, before=before, tokens=server.tokens) as one:
            await one.until(lambda: set(one.store.states()) == {"held"})
            rows = [row.delivery for row in one.store.rows.values()]
            assert {row.reason for row in rows} == {Reason.AUTH}
            assert "503" in rows[0].detail
            await asyncio.sleep(600)
            assert not seen
            server.error = None
            await one.until(lambda: set(one.store.states()) == {"delivered"})
        assert seen == ["Bearer " + seen[0].split()[1]] * 5
        assert all(row.delivery.attempts == 1 for row in one.store.rows.values())

    run(main())


def test_while_no_token_can_be_had_the_store_is_not_asked_to_free_anything() -> None:
    async def main() -> None:
        server = Server(error=FetchFailed("the answer was 503"))
        whole = plan(target(oauth2=HOW), *(target(f"t{number}") for number in range(20)))
        asked: list[Selection] = []

        async with dispatching(whole, tokens=server.tokens) as one:
            move = one.store.move

            async def counted(where: Selection, *more: Any) -> Moved:
                asked.append(where)
                return await move(where, *more)

            one.store.move = counted  # type: ignore[method-assign]  # to count what is asked
            for _ in range(10):
                made = one.store.new().delivery
                one.dispatcher.due([Due(made.seq, made.target, made.next_at)])
                await asyncio.sleep(0.2)
            assert set(one.store.states()) == {"held"}
            assert not asked
            server.error = None
            await one.until(lambda: set(one.store.states()) == {"delivered"})

    run(main())


def test_a_reload_asks_at_once_for_the_token_that_could_not_be_had() -> None:
    async def main() -> None:
        server = Server(error=FetchFailed("the answer was 503"))
        whole = plan(target(oauth2=HOW))

        def before(store: MemoryDeliveries) -> None:
            store.new()

        async with dispatching(whole, before=before, tokens=server.tokens) as one:
            await asyncio.sleep(AGAIN_FIRST * 2**6)
            assert set(one.store.states()) == {"held"}
            server.error = None
            begun = clock()
            await one.dispatcher.apply(whole)
            await one.until(lambda: set(one.store.states()) == {"delivered"})
            assert clock() - begun < 1.0

    run(main())
