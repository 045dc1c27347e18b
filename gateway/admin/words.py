"""What a state, a reason, a flag and an outcome mean, in words for a person: tables, no code.

The pages and the documentation print these. A word that is not here is shown as it is.
"""

from types import MappingProxyType

from gateway.model.endpoints import EndpointState
from gateway.model.outcomes import OUTCOMES
from gateway.model.states import ErrorClass, Reason, Trigger

FLAGS = MappingProxyType(
    {
        "batch_cut": "The sender's list has more items than are taken (5,000). The rest made no "
        "events; the stored body still has them.",
        "doubled_keys": "The JSON names a key twice. The last value counts, here and for the "
        "targets, so that nobody reads two truths.",
        "no_id": "The sender gave no event id: the hash of the body stands for it, so the same "
        "body is the same event.",
        "not_normalized": "The body could not be read as the sender's own words, so its type is "
        "`other`. It is stored and delivered all the same.",
        "same_body": "The same body came within 24 hours under another id. The id is not signed, "
        "so this may be a replay of an old request by a stranger.",
    }
)

STATES = MappingProxyType(
    {
        "unrouted": "No route wants it. It is stored and can be looked at.",
        "pending": "Waits for its next attempt.",
        "leased": "An attempt is under way.",
        "held": "Waits for a cause to go away, by itself or by a person.",
        "delivered": "The target took it.",
        "canceled": "Given up; it will not be sent.",
        "superseded": "The latest of its burst took its place.",
        "dead": "Will not be tried again by itself.",
    }
)

REASONS = MappingProxyType(
    {
        Reason.NEW: "fresh, not tried yet",
        Reason.RETRY: "is tried again",
        Reason.REVIVED: "brought back by the sender's redelivery",
        Reason.BREAKER_OPEN: "no endpoint of its target may be tried now",
        Reason.RATE: "the target's rate is used up for now",
        Reason.PAUSED: "paused by a person",
        Reason.TARGET_GONE: "its target is no more in routes.yaml",
        Reason.ROUTE_GONE: "its route is no more in routes.yaml",
        Reason.EXPRESSION: "an expression of its route failed",
        Reason.ORDER: "an earlier one of its lane is not through",
        Reason.AUTH: "its target could not be told who we are",
        Reason.STATUS: "the target refused it for good",
        Reason.WINDOW: "its retry window is over",
        Reason.ATTEMPTS: "its attempts are used up",
        Reason.GONE: "the target says it is gone (410)",
        Reason.POISON: "the gateway died five times while sending it",
        Reason.DONE: "done",
        Reason.BY_PERSON: "by a person",
        Reason.NOT_WANTED: "judged again, its route does not want it",
    }
)

TRIGGERS = MappingProxyType(
    {
        Trigger.INITIAL: "first",
        Trigger.RETRY: "again",
        Trigger.REVIVE: "revived by the sender",
        Trigger.MANUAL: "asked for by a person",
        Trigger.REPLAY: "replay",
    }
)

ERRORS = MappingProxyType(
    {
        ErrorClass.DNS: "name not found",
        ErrorClass.REFUSED: "connection refused",
        ErrorClass.RESET: "connection broke off",
        ErrorClass.CONNECT_TIMEOUT: "no connection in time",
        ErrorClass.TIMEOUT: "no answer in time",
        ErrorClass.TLS_EXPIRED: "certificate expired",
        ErrorClass.TLS_NAME: "certificate is for another name",
        ErrorClass.TLS: "TLS failed",
        ErrorClass.STATUS: "refused",
        ErrorClass.REDIRECT: "redirect, never followed",
        ErrorClass.TOO_LARGE: "answer too large",
    }
)

OUTCOME_MEANINGS = MappingProxyType({str(name): row.meaning for name, row in OUTCOMES.items()})

REFUSALS = tuple(str(name) for name, row in OUTCOMES.items() if not row.let_in)
"""The outcomes a refused request can have."""

SOURCES = MappingProxyType(
    {
        "open": "Takes requests.",
        "weak": "Takes requests, but its proof is weak.",
        "shadow": "Shadow mode: what would be refused is stored as unverified.",
        "closed": "Answers 503: closed in routes.yaml.",
        "misconfigured": "Answers 503: it cannot be trusted.",
    }
)

DONE = MappingProxyType(
    {
        "retry": "will be tried again now",
        "cancel": "canceled",
        "replay": "made new",
        "pause": "now held; what comes is held too",
        "resume": "released",
    }
)
"""After a person's verb, behind the number of deliveries."""

NOTICES = MappingProxyType(
    {
        "reload": "routes.yaml was read again and is in force.",
        "breaker_open": "Nothing is sent there until its breaker is closed again.",
        "breaker_close": "Its breaker is closed: deliveries go there again.",
    }
)
"""After a person's verb that moves no deliveries."""

ENDPOINTS = MappingProxyType(
    {
        EndpointState.WELL: ("active", "well"),
        EndpointState.PROBING: ("pending", "probing"),
        EndpointState.OPEN: ("troubled", "breaker open"),
        EndpointState.UNWELL: ("troubled", "check fails"),
    }
)
"""An endpoint's badge: its look and its word."""

WAITS = MappingProxyType(
    {
        "breaker_open": "No endpoint may be tried now: what comes waits, and no attempt is lost.",
        "unwell": "The check of every endpoint fails: what comes waits, and no attempt is lost.",
        "rate": "Its rate is used up for this moment.",
        "slowed": "It said that it gets too much: a pause.",
    }
)
"""Why a target is not tried at this moment."""
