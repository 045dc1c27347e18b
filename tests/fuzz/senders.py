"""Made up senders: what a declaration can say and no shipped one does."""

from gateway.providers.declaration import (
    Batch,
    Declaration,
    Field,
    Rule,
    Way,
    const,
    integer,
    sha,
    text,
    time,
)
from gateway.providers.markers import ABSENT, PRESENT, ZEROS, Not, Prefix, Same
from gateway.verify.basic import Basic
from gateway.verify.hmac import Hmac
from gateway.verify.token import Token

_WAYS = (Way(Hmac("X-Signature", prefix="sha256=")),)

EVERY_KIND = Declaration(
    name="every-kind",
    title="Every kind",
    docs="",
    ways=_WAYS,
    id=(("/account", "header.X-Id"), "/id", "header.X-Id"),
    event=("/type", "header.X-Event"),
    time=(time("/at"), Field(("/at",), "time", unit="ms"), Field(("/local",), "time", zone="+08:00")),
    rules=(
        Rule("vcs.push", ("push",), {"/after": Not(ZEROS), "/before": PRESENT}),
        Rule("vcs.branch.deleted", ("push",), {"/after": ZEROS}),
        Rule("vcs.branch.created", ("push",), {"/before": (1, "new", True)}),
        Rule("vcs.change.opened", ("change",), {"/ref": Prefix("refs/"), "/number": Not(1.5)}),
        Rule("vcs.change.closed", ("change",), {"/head": Same("/base")}),
        Rule("vcs.change.merged", ("change",), {"/ref": Not(Prefix("x")), "/merged": True}),
        Rule("payment.succeeded", ("paid", "sold"), {"/failure": ABSENT, "/live": False}),
        Rule(
            "payment.refunded",
            ("paid",),
            {},
            {"amount": Field(("/amount",), "decimal", currency=("/currency", "root./currency"))},
        ),
        Rule(
            "ci.pipeline.finished",
            ("built",),
            {"root./built": "yes"},
            {
                "status": const("finished"),
                "outcome": Field(("/outcome",), "map", table={"ok": "success", "1": "failure", "true": "error"},
                                 otherwise="unknown"),
                "repo": Field(("/url",), "repo_url"),
                "ref": (
                    Field(("/tag",), "ref", lead="refs/tags/", when={"/tag": PRESENT}),
                    Field(("/ref",), "ref"),
                ),
                "name": Field(("/a", "/b"), join="/"),
                "finished_at": Field(("/end",), "time", unit="ms"),
                "head": Field(("/head",), "tail"),
                "url": None,
            },
            time=time("/end"),
        ),
        Rule("ticket.created", (), {"/ticket": PRESENT}, {"number": integer("/ticket"), "key": text("/key")}),
    ),
    fields={
        "id": text("/id"), "url": text("/url", "root./url"), "actor": text("header.X-Actor", "/0/name"),
        "repo": text("/repo/name", "/items/0"), "ref": Field(("/ref",), "ref"), "sha": sha("/after"),
        "before_sha": sha("/before"), "branch": Field(("/ref",), "branch"), "tag": Field(("/ref",), "tag"),
        "number": integer("/number"), "live": Field(("/live",), "boolean"),
        "amount": Field(("/amount",), "minor", currency=("/currency",), exponents={"JPY": 2, "HUF": 0}),
        "fee": Field(("/fee",), "minor", currency=("/currency",)),
        "currency": Field(("/currency",), "currency"), "started_at": time("/at"),
    },
    form_field="payload",
)  # fmt: skip

BATCH = Declaration(
    name="batch",
    title="Batch",
    docs="",
    ways=_WAYS,
    id=("/id",),
    event=("/type", "root./type"),
    rules=(Rule("alert.firing", ("firing",)), Rule("alert.resolved", ("resolved",))),
    fields={"name": text("/name"), "url": text("root./url"), "service": text("/labels/service")},
    batch=Batch("/alerts", at_most=5),
    time=time("/at"),
)

HASHED = Declaration(
    name="hashed",
    title="No id",
    docs="",
    ways=(Way(Token("X-Token")),),
    id=(),
    event=(),
    rules=(Rule("meta.ping", (), {"/zen": PRESENT}),),
)

WHOLE_BATCH = Declaration(
    name="whole-batch",
    title="The body is the list",
    docs="",
    ways=_WAYS,
    id=(("/id", "/n"),),
    event=("/event",),
    batch=Batch("", at_most=5),
)

LISTED = Declaration(
    name="listed",
    title="Ids inside of lists",
    docs="",
    ways=(Way(Hmac("X-Signature")), Way(Basic(), option="allow_basic")),
    id=("/events/0/id", "data.id", "/ids/0"),
    event=("data.type",),
    time=(time("data.at"), time("/events/0/at")),
)

ADDRESSED = Declaration(
    name="addressed",
    title="Signs our address",
    docs="",
    ways=(
        Way(Hmac("X-Signature", signed="{url}{option.app}{body}"), secret_prefix="key_"),
        Way(Token("X-Token"), secret_prefix="tok_", option="allow_token"),
    ),
    id=("/id",),
    event=("/type",),
)

MADE_UP = {one.name: one for one in (EVERY_KIND, BATCH, HASHED, WHOLE_BATCH, LISTED, ADDRESSED)}
