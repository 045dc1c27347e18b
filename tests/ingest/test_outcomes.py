"""Every line of the table of outcomes, as a sender and as the operator see it."""

import dataclasses
import gzip
import zlib

import pytest

from gateway.model.outcomes import OUTCOMES, Outcome
from gateway.model.states import DeliveryState
from gateway.providers.declaration import Bind, Handshake, Replies, Reply, Way
from gateway.verify.hmac import Hmac, Timestamp
from gateway.verify.token import Token
from tests import fakes
from tests.ingest.wire import BODY, gate, post, sign

GZIP = dataclasses.replace(fakes.LIMITS, encodings=frozenset({"gzip"}))
STAMPED = fakes.declaration(
    ways=(Way(Hmac("X-Signature", signed="{timestamp}{body}", timestamp=Timestamp(header="X-T"))),)
)


def orders(**more: object):
    return fakes.plan(fakes.source(**more), routes=[fakes.route()])


def ended(one, outcome: str) -> None:
    """One request, one outcome, one line; refused ones are kept, without their secrets."""
    assert one.ears.outcomes == [outcome]
    assert [line.outcome for line in one.ears.lines] == [outcome]
    let_in = OUTCOMES[Outcome(outcome)].let_in
    assert [kept.outcome for kept in one.ears.refused] == ([] if let_in else [outcome])
    assert not one.ears.reports


async def test_unrouted() -> None:
    async with gate(fakes.plan(fakes.source())) as one:
        response = await one.send(post())
    assert (response.status, response.json["status"]) == (202, "accepted")
    ended(one, "unrouted")


async def test_duplicate_carries_the_first_id_and_what_was_revived() -> None:
    async with gate(orders()) as one:
        first = await one.send(post())
        second = await one.send(post())
        assert (second.status, second.json) == (
            200,
            {"status": "duplicate", "id": first.json["id"]},
        )
        one.store.admissions[0].events[0].deliveries[0].state = DeliveryState.DEAD
        third = await one.send(post())
    assert third.json == {"status": "duplicate", "id": first.json["id"], "revived": 1}
    assert one.ears.outcomes == ["accepted", "duplicate", "duplicate"]


async def test_redelivery_can_be_told_to_revive_nothing() -> None:
    async with gate(orders(revive=False)) as one:
        await one.send(post())
        one.store.admissions[0].events[0].deliveries[0].state = DeliveryState.DEAD
        assert "revived" not in (await one.send(post())).json


async def test_the_senders_own_success_reply_is_for_all_three() -> None:
    reply = Reply(204, headers=(("X-Ok", "1"),))
    declared = fakes.declaration(replies=Replies(success=reply))
    async with gate(fakes.plan(fakes.source(declared=declared))) as one:
        for _ in range(2):
            response = await one.send(post())
            assert (response.status, response.body, response.headers["X-Ok"]) == (204, b"", "1")
    assert one.ears.outcomes == ["unrouted", "duplicate"]


async def test_every_failed_proof_gets_one_and_the_same_body() -> None:
    bodies = []
    requests = {
        "bad_signature": post(signature="sha256=" + "0" * 64),
        "missing_signature": post(signature=None),
    }
    for outcome, data in requests.items():
        async with gate(orders()) as one:
            response = await one.send(data)
        assert response.status == 401
        ended(one, outcome)
        bodies.append(response.json)
    async with gate(orders(declared=STAMPED)) as one:
        one.clock.now += 1000
        stamp = "1790000000"
        signature = sign(stamp.encode() + BODY)[7:]
        response = await one.send(post(BODY, f"X-T: {stamp}", signature=signature))
        assert response.status == 401
    ended(one, "stale")
    bodies.append(response.json)
    tenant = fakes.declaration(binds=(Bind("body./app", "app"),))
    async with gate(orders(declared=tenant, options={"app": "ours"})) as one:
        theirs = b'{"app": "theirs"}'
        response = await one.send(post(theirs))
        assert response.status == 401
        bodies.append(response.json)
        ended(one, "wrong_tenant")
        assert (await one.send(post(b'{"app": "ours"}'))).status == 202
    ids = {body.pop("request_id") for body in bodies}
    assert len(ids) == 4
    assert all(body == bodies[0] for body in bodies)


async def test_the_senders_own_refusal_reply_is_for_every_failed_proof() -> None:
    declared = fakes.declaration(replies=Replies(refusal=Reply(200, b"fail")))
    async with gate(orders(declared=declared)) as one:
        response = await one.send(post(signature=None))
    assert (response.status, response.body) == (200, b"fail")
    ended(one, "missing_signature")


@pytest.mark.parametrize("peer", ["192.0.2.1", "2001:db8::1", "192.0.2.1, 10.0.0.1"])
async def test_an_address_out_of_the_allowlist_is_denied(peer) -> None:
    async with gate(orders(allow=["198.51.100.0/24"])) as one:
        response = await one.send(post(BODY, f"X-Forwarded-For: {peer}"))
        assert response.status == 403
    ended(one, "ip_denied")
    assert one.ears.refused[0].client == peer.rpartition(", ")[2]


async def test_the_address_our_proxy_names_is_the_one_that_counts() -> None:
    async with gate(orders(allow=["198.51.100.0/24"])) as one:
        spoofed = "X-Forwarded-For: 192.0.2.1, 198.51.100.7"
        assert (await one.send(post(BODY, spoofed))).status == 202
        assert one.store.admissions[0].client == "198.51.100.7"


async def test_an_unreadable_forwarding_header_is_denied() -> None:
    async with gate(orders()) as one:
        assert (await one.send(post(BODY, "X-Forwarded-For: garbage"))).status == 403
    ended(one, "ip_denied")


async def test_a_source_without_a_usable_secret_is_closed_and_says_so_to_the_operator() -> None:
    async with gate(orders(proves=False, problem="the secret A is empty")) as one:
        response = await one.send(post())
    assert (response.status, response.headers["Retry-After"]) == (503, "300")
    assert b"empty" not in response.body
    assert one.ears.lines[0].reason == "the secret A is empty"
    ended(one, "misconfigured")


async def test_a_source_without_a_usable_secret_is_closed_in_shadow_mode_too() -> None:
    async with gate(orders(proves=False, problem="no secret", enforce=False)) as one:
        assert (await one.send(post())).status == 503


async def test_a_closed_source_is_503() -> None:
    async with gate(orders(closed=True)) as one:
        assert (await one.send(post())).status == 503
    ended(one, "closed")


async def test_a_source_that_proves_nothing_takes_what_its_allowlist_lets_in() -> None:
    async with gate(orders(proves=False, allow=["127.0.0.1"])) as one:
        assert (await one.send(post(signature=None))).status == 202
    assert one.store.admissions[0].scheme == "none"
    assert one.store.admissions[0].events[0].verified


@pytest.mark.parametrize("limit", ["rate", "per_address"])
async def test_over_the_rate_is_429_and_passes_with_time(limit) -> None:
    limits = dataclasses.replace(fakes.LIMITS, **{limit: 0.5})
    async with gate(orders(limits=limits)) as one:
        assert (await one.send(post(id="1"))).status == 202
        response = await one.send(post(id="2"))
        assert (response.status, response.headers["Retry-After"]) == (429, "2")
        one.ticks.now += 2
        assert (await one.send(post(id="3"))).status == 202
    assert one.ears.outcomes == ["accepted", "rate_limited", "accepted"]


async def test_senders_that_drop_on_429_get_503() -> None:
    limits = dataclasses.replace(fakes.LIMITS, rate=1.0)
    declared = fakes.declaration(replies=Replies(rate_limited=503))
    async with gate(orders(limits=limits, declared=declared)) as one:
        await one.send(post(id="1"))
        response = await one.send(post(id="2"))
        assert (response.status, response.headers["Retry-After"]) == (503, "1")


async def test_unproven_requests_do_not_use_up_the_rate_of_the_proven() -> None:
    limits = dataclasses.replace(fakes.LIMITS, rate=1.0)
    async with gate(orders(limits=limits)) as one:
        for _ in range(5):
            assert (await one.send(post(signature=None))).status == 401
        assert (await one.send(post())).status == 202


async def test_one_address_does_not_use_up_the_rate_of_another() -> None:
    limits = dataclasses.replace(fakes.LIMITS, per_address=1.0)
    async with gate(orders(limits=limits)) as one:
        for number, status in ((1, 202), (1, 429), (2, 202)):
            data = post(BODY, f"X-Forwarded-For: 192.0.2.{number}", id=str(number))
            assert (await one.send(data)).status == status


async def test_a_store_that_cannot_commit_is_503_and_gives_back_what_was_reserved() -> None:
    async with gate(orders(), dispatch=fakes.Dispatch(room=5)) as one:
        one.store.break_down()
        response = await one.send(post())
        assert (response.status, response.headers["Retry-After"]) == (503, "30")
    ended(one, "store_unavailable")
    assert len(one.dispatch.failures) == 1
    assert one.dispatch.taken == []


async def test_a_mistake_of_ours_is_503_and_heard_of_once_without_the_request() -> None:
    async with gate(orders()) as one:
        one.store.fail = RuntimeError("boom")
        response = await one.send(post())
        assert response.status == 503
        assert b"boom" not in response.body
    assert one.ears.outcomes == ["overloaded"]
    assert [str(error) for error in one.ears.reports] == ["boom"]


# ---------------------------------------------------------------- encodings


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "gzip, gzip", "zstd", "x"])
async def test_a_compressed_body_is_refused_unless_the_source_allows_it(coding) -> None:
    async with gate(orders()) as one:
        assert (await one.send(post(BODY, f"Content-Encoding: {coding}"))).status == 415
    ended(one, "bad_encoding")


async def test_identity_is_no_encoding() -> None:
    async with gate(orders()) as one:
        assert (await one.send(post(BODY, "Content-Encoding: identity"))).status == 202


@pytest.mark.parametrize("signed", ["packed", "plain"])
async def test_an_allowed_gzip_body_is_kept_unpacked_whichever_bytes_were_signed(signed) -> None:
    packed = gzip.compress(BODY, mtime=0)
    signature = sign(packed if signed == "packed" else BODY)
    async with gate(orders(limits=GZIP)) as one:
        response = await one.send(post(packed, "Content-Encoding: gzip", signature=signature))
        assert response.status == 202
        assert (await one.send(post(packed, "Content-Encoding: gzip"[:-1]))).status == 415
    assert one.store.admissions[0].body == BODY
    assert not [n for n, _ in one.store.admissions[0].headers if n.lower() == b"content-encoding"]


async def test_a_gzip_body_with_a_changed_byte_is_no_proof() -> None:
    packed = gzip.compress(BODY, mtime=0)
    signature = sign(gzip.compress(BODY + b" ", mtime=0))
    async with gate(orders(limits=GZIP)) as one:
        data = post(packed, "Content-Encoding: gzip", signature=signature)
        assert (await one.send(data)).status == 401


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (gzip.compress(bytes(10_000_000), mtime=0), "too_large"),
        (gzip.compress(bytes(60_000), mtime=0), "bad_encoding"),
        (gzip.compress(BODY, mtime=0)[:-3], "malformed"),
        (gzip.compress(BODY, mtime=0) + b"x", "malformed"),
        (gzip.compress(BODY, mtime=0) * 2, "malformed"),
        (zlib.compress(BODY), "malformed"),
        (BODY, "malformed"),
        (b"", "malformed"),
    ],
)
async def test_gzip_bombs_and_broken_gzip_are_refused(body, outcome) -> None:
    async with gate(orders(limits=GZIP)) as one:
        response = await one.send(post(body, "Content-Encoding: gzip"))
    assert response.status == OUTCOMES[Outcome(outcome)].status
    ended(one, outcome)


# ---------------------------------------------------------------- odd bodies


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        b'"\\ud800"',
        b'{"a":"\\u0000"}',
        b"[" * 10_000,
        b'{"a":' * 10_000,
        b'{"n": ' + b"9" * 5000 + b"}",
        b'{"n": NaN}',
        b'{"type": "a", "type": "b"}',
        b"null",
        b"\x00",
        b'{"type": {"a": [1]}}',
        b"a=1&b=2",
    ],
)
async def test_what_is_rightly_signed_is_kept_byte_for_byte(body) -> None:
    async with gate(orders()) as one:
        assert (await one.send(post(body))).status == 202
    assert one.store.admissions[0].body == body
    assert one.store.admissions[0].events[0].type == "other"
    assert not one.ears.reports


# ---------------------------------------------------------------- handshakes

ECHO = Handshake(
    method="GET",
    when=(("query.challenge", ""),),
    signed=False,
    reply=Reply(200),
    echo="query.challenge",
)
PING = Handshake("POST", (("body./type", "ping"),), signed=True, reply=Reply(200, b"pong"))


async def test_an_unsigned_challenge_is_echoed_as_plain_text_and_nothing_is_stored() -> None:
    async with gate(orders(declared=fakes.declaration(handshakes=(ECHO,)))) as one:
        data = post(b"", method="GET", path="/in/orders?challenge=a%20b<script>", signature=None)
        response = await one.send(data)
    assert (response.status, response.body) == (200, b"a b<script>")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert one.store.admissions == []
    ended(one, "handshake")


@pytest.mark.parametrize("value", ["x" * 513, "%0d%0aX: 1", "%c3%a9", "a&challenge=b"])
async def test_what_cannot_be_echoed_is_not(value) -> None:
    async with gate(orders(declared=fakes.declaration(handshakes=(ECHO,)))) as one:
        path = f"/in/orders?challenge={value}"
        response = await one.send(post(b"", method="GET", path=path, signature=None))
    assert response.status in (400, 401)
    assert b"X: 1" not in response.body


async def test_a_method_for_handshakes_takes_nothing_else() -> None:
    async with gate(orders(declared=fakes.declaration(handshakes=(ECHO,)))) as one:
        refused = await one.send(post(b"", method="GET", signature=None))
        assert refused.status == 401
        signed = await one.send(post(b"", method="GET"))
        assert (signed.status, signed.headers["Allow"]) == (405, "POST, GET")
        assert (await one.send(post(b"", method="PUT"))).headers["Allow"] == "POST, GET"


async def test_a_signed_handshake_needs_its_proof() -> None:
    body = b'{"type": "ping"}'
    async with gate(orders(declared=fakes.declaration(handshakes=(PING,)))) as one:
        assert (await one.send(post(body, signature=None))).status == 401
        assert (await one.send(post(body))).body == b"pong"
        assert (await one.send(post())).status == 202
    assert one.ears.outcomes == ["missing_signature", "handshake", "accepted"]


# ---------------------------------------------------------------- shadow mode


async def test_shadow_mode_keeps_what_would_have_been_refused_apart() -> None:
    routes = [fakes.route("strict"), fakes.route("lax", accept_unverified=True)]
    shadow = fakes.plan(fakes.source(enforce=False), routes=routes)
    async with gate(shadow) as one:
        assert (await one.send(post(signature=None))).status == 202
        assert (await one.send(post())).json["status"] == "accepted"
    unproven, proven = one.store.admissions
    assert (unproven.refusal, unproven.events[0].verified) == ("missing_signature", False)
    assert [d.route for d in unproven.events[0].deliveries] == ["lax"]
    assert (proven.refusal, proven.events[0].verified) == ("", True)
    assert [d.route for d in proven.events[0].deliveries] == ["strict", "lax"]
    assert unproven.events[0].dedup_key == proven.events[0].dedup_key
    assert unproven.key_label == ""
    assert one.ears.lines[0].reason


async def test_shadow_mode_also_notes_a_foreign_address() -> None:
    shadow = fakes.plan(fakes.source(enforce=False, allow=["192.0.2.0/24"]))
    async with gate(shadow) as one:
        assert (await one.send(post())).status == 202
    assert one.store.admissions[0].refusal == "ip_denied"


# ---------------------------------------------------------------- secrets


async def test_no_secret_of_the_sender_is_stored_logged_or_kept() -> None:
    token = "the-very-secret-token-of-the-sender"
    declared = fakes.declaration(
        ways=(Way(Token("X-Token")),), secret_at=("header.X-Pass", "body./auth/code")
    )
    body = b'{"auth": {"code": "' + token.encode() + b'"}, "n":  1}'
    extra = [f"X-Token: {token}", f"Authorization: Bearer {token}", f"X-Pass: {token}"]
    async with gate(orders(declared=declared, secrets=[token.encode()])) as one:
        assert (await one.send(post(body, *extra, signature=None))).status == 202
        assert (await one.send(post(body, *extra, "X-Token: x", signature=None))).status == 401
        await one.send(post(body, *extra, path="/typo", signature=None))
    stored = one.store.admissions[0]
    assert stored.body == b'{"auth": {"code": "[secret: #1]"}, "n":  1}'
    assert (b"X-Token", b"[secret: #1]") in stored.headers
    assert (b"Authorization", b"[secret: authorization]") in stored.headers
    assert len(one.ears.refused) == 2
    for said in (stored, one.ears.refused, one.ears.lines):
        assert token not in repr(said)


async def test_the_path_of_a_source_that_proves_nothing_is_a_secret() -> None:
    async with gate(orders(proves=False, allow=["192.0.2.1"])) as one:
        assert (await one.send(post(signature=None))).status == 403
    assert one.ears.refused[0].path == "[secret: path]"


async def test_a_refused_request_is_kept_with_what_a_person_needs() -> None:
    async with gate(orders()) as one:
        response = await one.send(post(signature="sha256=" + "0" * 64))
    kept = one.ears.refused[0]
    assert kept.request_id == response.json["request_id"] == one.ears.lines[0].request_id
    assert (kept.method, kept.path, kept.size, kept.source) == (
        "POST",
        "/in/orders",
        len(BODY),
        "orders",
    )
    assert kept.reason == "the signature fits no secret"
    assert len(kept.body_hash) == 64
