"""The vocabulary of normalized events as data: every type by family, every field with its meaning.

Read by the name checks of expressions, the families' JSON Schemas, the docs and the tests. No
sender's word stands here, and no rule: what a field means is the same whoever sent it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

FieldKind = Literal["text", "integer", "boolean", "time"]
"""`time`: text, RFC 3339 in UTC with `Z`. Absent is left out: a field is never null."""

_TYPES = {
    "vcs": "push branch.created branch.deleted tag.created tag.deleted change.opened change.updated"
    " change.reviewed change.merged change.closed comment release.published repo.created"
    " repo.modified repo.deleted",
    "ci": "pipeline.queued pipeline.started pipeline.waiting pipeline.finished job.queued"
    " job.started job.finished status",
    "deploy": "queued started waiting finished rolledback removed",
    "artifact": "published deleted scanned",
    "ticket": "created updated closed",
    "incident": "opened acknowledged updated resolved",
    "alert": "firing resolved",
    "payment": "pending authorized succeeded failed canceled refunded refund_failed",
    "checkout": "completed expired",
    "order": "created updated paid canceled fulfilled",
    "invoice": "created paid failed overdue",
    "subscription": "created updated past_due paused canceled",
    "payout": "paid failed",
    "dispute": "opened won lost",
    "customer": "created updated deleted",
    "message": "received command interaction",
    "meta": "ping hook",
}

OTHER = "other"
"""What has no place in the vocabulary yet; its own family."""

FAMILIES: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        **{
            name: tuple(f"{name}.{word}" for word in words.split())
            for name, words in _TYPES.items()
        },
        OTHER: (OTHER,),
    }
)
"""A family's name to its types, in the order of the docs."""

TYPES: frozenset[str] = frozenset(word for words in FAMILIES.values() for word in words)
"""Every type a sender's event can become."""

MONEY = ("payment", "checkout", "order", "invoice", "subscription", "payout", "dispute")
"""The families whose events speak of an amount."""

_CODE = ("vcs", "ci", "deploy")
_PLACED = (*_CODE, "artifact", "ticket", "incident", "alert", "meta")
_EVERY = tuple(name for name in FAMILIES if name != OTHER)

STATUSES = ("queued", "running", "waiting", "finished")
OUTCOMES = ("success", "failure", "canceled", "skipped", "error", "unknown")


@dataclass(frozen=True, slots=True)
class FieldWord:
    """One field of the vocabulary."""

    name: str
    kind: FieldKind
    families: tuple[str, ...]
    """Where it may stand. `other` may hold any field and is not named here."""
    meaning: str
    values: tuple[str, ...] = ()
    """The closed list of what it can be; empty: any value of its kind."""


_FIELDS = (
    FieldWord("id", "text", _EVERY, "the thing's own id at the sender"),
    FieldWord("url", "text", _EVERY, "a page for people"),
    FieldWord("actor", "text", _EVERY, "who did it: the login where there is one, else the name"),
    FieldWord("account", "text", _EVERY, "organisation, workspace, merchant account"),
    FieldWord("name", "text", _EVERY, "the thing's name"),
    FieldWord("title", "text", _EVERY, "the thing's title"),
    FieldWord("started_at", "time", _EVERY, "when it began"),
    FieldWord("finished_at", "time", _EVERY, "when it ended"),
    FieldWord("repo", "text", _PLACED, "full path without host: `acme/site`, `group/sub/app`"),
    FieldWord("ref", "text", _CODE, "the full git ref: `refs/heads/main`, `refs/tags/v1`"),
    FieldWord("branch", "text", _CODE, "the short name, where the ref is a branch"),
    FieldWord(
        "tag",
        "text",
        (*_CODE, "artifact"),
        "the short name, where the ref is a tag; an image's or package's tag",
    ),
    FieldWord("sha", "text", _CODE, "the full commit id; all zeros is left out"),
    FieldWord("before_sha", "text", _CODE, "the commit id before; all zeros is left out"),
    FieldWord("head", "text", ("vcs", "ci"), "a change's source branch, short"),
    FieldWord("base", "text", ("vcs", "ci"), "a change's target branch, short"),
    FieldWord(
        "head_repo", "text", ("vcs", "ci"), "the source's repository, where it is not `repo`"
    ),
    FieldWord(
        "number",
        "integer",
        (*_CODE, "ticket", "incident"),
        "the number of the change, run or ticket",
    ),
    FieldWord("key", "text", ("ticket",), "the ticket's key: `PROJ-12`"),
    FieldWord("status", "text", ("ci", "deploy"), "how far it is", STATUSES),
    FieldWord("outcome", "text", ("ci", "deploy"), "how it ended, by the sender's word", OUTCOMES),
    FieldWord("environment", "text", ("deploy",), "the environment's name"),
    FieldWord("version", "text", ("artifact",), "the version as given"),
    FieldWord("digest", "text", ("artifact",), "the digest as given"),
    FieldWord("severity", "text", ("incident", "alert"), "as given"),
    FieldWord("service", "text", ("incident", "alert"), "as given"),
    FieldWord("amount", "integer", MONEY, "in the currency's minor unit (ISO 4217 exponent)"),
    FieldWord("currency", "text", MONEY, "ISO 4217 code, upper case"),
    FieldWord(
        "amount_raw",
        "text",
        MONEY,
        "the text the sender wrote, where it was not an integer in minor units",
    ),
    FieldWord("refunded_amount", "integer", MONEY, "in the currency's minor unit"),
    FieldWord("fee", "integer", MONEY, "in the currency's minor unit"),
    FieldWord("reference", "text", MONEY, "the merchant's own number (order number)"),
    FieldWord("customer", "text", (*MONEY, "customer"), "the sender's id of the customer"),
    FieldWord("customer_email", "text", (*MONEY, "customer"), "the customer's address"),
    FieldWord("method", "text", ("payment", "invoice", "payout"), "the way of paying, as given"),
    FieldWord("failure_code", "text", ("payment", "invoice", "payout"), "as given"),
    FieldWord("failure_message", "text", ("payment", "invoice", "payout"), "as given"),
    FieldWord("live", "boolean", MONEY, "false in the sender's test mode"),
    FieldWord(
        "canonical",
        "boolean",
        (*MONEY, "vcs"),
        "false on the second event of one fact, so that it counts once",
    ),
)

FIELDS: MappingProxyType[str, FieldWord] = MappingProxyType({word.name: word for word in _FIELDS})
"""Every field by its name, in the order of the docs."""

SUBJECTS: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        name: ("repo", "reference", "id") if name in _CODE else ("reference", "id")
        for name in FAMILIES
    }
)
"""A family's fields that can be a CloudEvent's subject: the first that the event has."""


def family(type: str) -> str:
    """The family of a type (`vcs.push` → `vcs`)."""
    return type.partition(".")[0]


def fields_of(families: Iterable[str]) -> frozenset[str]:
    """The names of the fields that an event of these families can have; `other` has them all."""
    wanted = set(families)
    if OTHER in wanted or not wanted <= FAMILIES.keys():
        return frozenset(FIELDS)
    return frozenset(word.name for word in _FIELDS if not wanted.isdisjoint(word.families))
