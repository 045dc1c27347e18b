"""Stripe: snapshot events (`event`) and thin ones (`v2.core.event`).

Data only; facts from docs.stripe.com, named above each. One fact has one canonical event here:
money is counted at `payment_intent.*` and `refund.*`, and `charge.*` beside them says so.
"""

from collections.abc import Mapping
from typing import Final

from gateway.providers.declaration import (
    Declaration,
    Field,
    Ranges,
    Reading,
    Ref,
    Rule,
    Setup,
    Way,
    const,
    text,
    time,
)
from gateway.providers.markers import ABSENT, PRESENT, Test
from gateway.verify.hmac import Hmac, Timestamp

_OBJECT = "/data/object"
_CODE = (f"{_OBJECT}/currency",)
_SECOND: Mapping[str, Reading] = {"canonical": const(False)}

# https://docs.stripe.com/currencies#special-cases: ISK and UGX are written with two decimals that
# are always 00; #zero-decimal: MGA has none. HUF and TWD in payouts are multiples of 100, but are
# written with two decimals as ISO 4217 has them.
_EXPONENTS: Final = {"ISK": 2, "UGX": 2, "MGA": 0}


def _minor(*names: str) -> Field:
    """An amount of the event's object, in Stripe's minor unit."""
    at = tuple(f"{_OBJECT}/{name}" for name in names)
    return Field(at, "minor", currency=_CODE, exponents=_EXPONENTS)


def _amount(*names: str) -> Mapping[str, Reading]:
    return {"amount": _minor(*names)}


# ---------------------------------------------------------------- payments and refunds
# https://docs.stripe.com/api/events/types

_PAYMENTS = (
    Rule(
        "payment.succeeded",
        ("payment_intent.succeeded",),
        fields=_amount("amount_received", "amount"),
    ),
    Rule(
        "payment.authorized",
        ("payment_intent.amount_capturable_updated",),
        fields=_amount("amount_capturable", "amount"),
    ),
    Rule("payment.failed", ("payment_intent.payment_failed",)),
    Rule("payment.pending", ("payment_intent.processing",)),
    Rule("payment.canceled", ("payment_intent.canceled",)),
)

_OF_INTENT: Mapping[Ref, Test] = {f"{_OBJECT}/payment_intent": PRESENT}
"""A charge made by a payment intent, which has an event of its own. An old, bare charge has none."""
_HELD: Mapping[Ref, Test] = {f"{_OBJECT}/captured": False}


def _charge(to: str, word: str, when: Mapping[Ref, Test], *amount: str) -> tuple[Rule, Rule]:
    fields = _amount(*(amount or ("amount",)))
    return (
        Rule(to, (word,), {**when, **_OF_INTENT}, {**fields, **_SECOND}),
        Rule(to, (word,), when, fields),
    )


_CHARGES = (
    *_charge("payment.authorized", "charge.succeeded", _HELD),
    *_charge("payment.succeeded", "charge.succeeded", {}),
    *_charge("payment.succeeded", "charge.captured", {}, "amount_captured", "amount"),
    *_charge("payment.pending", "charge.pending", {}),
    *_charge("payment.failed", "charge.failed", {}),
    # An authorization that was not captured in time.
    *_charge("payment.canceled", "charge.expired", {}),
    # The charge's sum so far; each refund has a `refund.created` of its own.
    Rule(
        "payment.refunded",
        ("charge.refunded",),
        fields={"amount": None, "refunded_amount": _minor("amount_refunded"), **_SECOND},
    ),
)

# https://docs.stripe.com/api/refunds/object#refund_object-status
_REFUND: Mapping[str, Reading] = {**_amount("amount"), "refunded_amount": _minor("amount")}
_DONE: Mapping[Ref, Test] = {f"{_OBJECT}/status": "succeeded"}
_UNDONE: Mapping[Ref, Test] = {f"{_OBJECT}/status": ("failed", "canceled")}
_STATUS_CHANGED: Mapping[Ref, Test] = {"/data/previous_attributes/status": PRESENT}
_CANCELED: Mapping[Ref, Test] = {f"{_OBJECT}/status": "canceled"}
_REFUND_AGAIN: Mapping[str, Reading] = {**_REFUND, **_SECOND}
_REFUNDS = (
    Rule("payment.refunded", ("refund.created",), _DONE, _REFUND),
    Rule("payment.refund_failed", ("refund.created",), _UNDONE, _REFUND),
    Rule("payment.refund_failed", ("refund.failed",), {}, _REFUND),
    # A refund that was pending and now is through. Any other update of one (a bank's reference
    # came in) repeats what `refund.created` told.
    Rule("payment.refunded", ("refund.updated",), {**_DONE, **_STATUS_CHANGED}, _REFUND),
    Rule("payment.refunded", ("refund.updated", "charge.refund.updated"), _DONE, _REFUND_AGAIN),
    # A failure has `refund.failed`, a cancellation has only this.
    Rule("payment.refund_failed", ("refund.updated",), {**_CANCELED, **_STATUS_CHANGED}, _REFUND),
    Rule(
        "payment.refund_failed",
        ("refund.updated", "charge.refund.updated"),
        _UNDONE,
        _REFUND_AGAIN,
    ),
)

# https://docs.stripe.com/api/disputes/object#dispute_object-status; an inquiry that was closed
# without a dispute (`warning_closed`) was neither won nor lost.
_DISPUTES = (
    Rule("dispute.opened", ("charge.dispute.created",)),
    Rule("dispute.won", ("charge.dispute.closed",), {f"{_OBJECT}/status": "won"}),
    Rule("dispute.lost", ("charge.dispute.closed",), {f"{_OBJECT}/status": "lost"}),
)

# ---------------------------------------------------------------- checkout, invoices, payouts

_SESSION = _amount("amount_total")
_INVOICE: Mapping[str, Reading] = {
    "url": text(f"{_OBJECT}/hosted_invoice_url"),
    "reference": text(f"{_OBJECT}/number"),
}
_BILL: Mapping[str, Reading] = {**_INVOICE, **_amount("amount_due", "total")}
_PAID_BILL: Mapping[str, Reading] = {**_INVOICE, **_amount("amount_paid", "total")}
_SALES = (
    # Paid or not yet: the money has its own events.
    Rule("checkout.completed", ("checkout.session.completed",), fields=_SESSION),
    Rule("checkout.expired", ("checkout.session.expired",), fields=_SESSION),
    Rule("invoice.created", ("invoice.created",), fields=_BILL),
    Rule("invoice.paid", ("invoice.paid",), fields=_PAID_BILL),
    Rule("invoice.paid", ("invoice.payment_succeeded",), fields={**_PAID_BILL, **_SECOND}),
    Rule("invoice.failed", ("invoice.payment_failed",), fields=_BILL),
    Rule("invoice.overdue", ("invoice.overdue",), fields=_BILL),
    Rule("payout.paid", ("payout.paid",)),
    Rule("payout.failed", ("payout.failed",)),
)

# ---------------------------------------------------------------- customers and subscriptions

_PERSON: Mapping[str, Reading] = {
    "name": text(f"{_OBJECT}/name"),
    "customer": text(f"{_OBJECT}/id"),
    "customer_email": text(f"{_OBJECT}/email"),
}
_CUSTOMERS = tuple(
    Rule(f"customer.{verb}", (f"customer.{verb}",), fields=_PERSON)
    for verb in ("created", "updated", "deleted")
)

# https://docs.stripe.com/api/subscriptions/object#subscription_object-status
_TERM: Mapping[str, Reading | None] = {
    "amount": None,
    "started_at": time(f"{_OBJECT}/start_date"),
    "finished_at": time(f"{_OBJECT}/ended_at"),
}
_WHOLE: Mapping[Ref, Test] = {"/data/previous_attributes": ABSENT}


def _became(to: str, status: str, fields: Mapping[str, Reading | None]) -> tuple[Rule, Rule]:
    """An update that brought this status; one that changed something else is only an update."""
    word, now = ("customer.subscription.updated",), {f"{_OBJECT}/status": status}
    return (
        Rule(to, word, {**now, **_STATUS_CHANGED}, fields),
        Rule(to, word, {**now, **_WHOLE}, fields),
    )


_SUBSCRIPTIONS = (
    Rule("subscription.created", ("customer.subscription.created",), fields=_TERM),
    *_became("subscription.past_due", "past_due", _TERM),
    # `customer.subscription.paused` tells the same.
    *_became("subscription.paused", "paused", {**_TERM, **_SECOND}),
    Rule("subscription.paused", ("customer.subscription.paused",), fields=_TERM),
    Rule(
        "subscription.updated",
        ("customer.subscription.updated", "customer.subscription.resumed"),
        fields=_TERM,
    ),
    Rule("subscription.canceled", ("customer.subscription.deleted",), fields=_TERM),
)

# ---------------------------------------------------------------- the whole

DECLARATION = Declaration(
    name="stripe",
    title="Stripe",
    docs="https://docs.stripe.com/webhooks",
    # https://docs.stripe.com/webhooks#verify-manually: the whole `whsec_…` text is the key; while
    # a secret is rolled there are several v1; v0 belongs to test tools and proves nothing.
    ways=(
        Way(
            Hmac(
                header="Stripe-Signature",
                signed="{timestamp}.{body}",
                separator=",",
                entry="v1",
                timestamp=Timestamp(entry="t"),
            )
        ),
    ),
    # The same over retries.
    id=("/id",),
    event=("/type",),
    rules=(
        *_PAYMENTS,
        *_CHARGES,
        *_REFUNDS,
        *_DISPUTES,
        *_SALES,
        *_CUSTOMERS,
        *_SUBSCRIPTIONS,
    ),
    fields={
        # A thin event names its object and holds nothing of it.
        # https://docs.stripe.com/event-destinations#thin-events
        "id": text(f"{_OBJECT}/id", "/related_object/id"),
        "url": text(f"{_OBJECT}/receipt_url"),
        "title": text(f"{_OBJECT}/description"),
        # https://docs.stripe.com/connect/webhooks: whose event it is, for platforms.
        "account": text("/account", "/context"),
        "amount": _minor("amount"),
        "currency": Field(_CODE, "currency"),
        "reference": text(f"{_OBJECT}/client_reference_id"),
        # An id, or the customer whole where the endpoint's version expands it.
        "customer": text(f"{_OBJECT}/customer", f"{_OBJECT}/customer/id"),
        "customer_email": text(
            f"{_OBJECT}/customer_details/email",
            f"{_OBJECT}/customer_email",
            f"{_OBJECT}/receipt_email",
            f"{_OBJECT}/billing_details/email",
        ),
        "method": text(f"{_OBJECT}/payment_method_details/type", f"{_OBJECT}/method"),
        "failure_code": text(
            f"{_OBJECT}/last_payment_error/code",
            f"{_OBJECT}/failure_code",
            f"{_OBJECT}/failure_reason",
        ),
        "failure_message": text(
            f"{_OBJECT}/last_payment_error/message", f"{_OBJECT}/failure_message"
        ),
        "live": Field(("/livemode",), "boolean"),
    },
    # Unix seconds in a snapshot event, RFC 3339 in a thin one.
    time=time("/created"),
    raw_headers=("Stripe-Signature",),
    # https://docs.stripe.com/ips
    ranges=Ranges(
        shipped=(
            "3.18.12.63",
            "3.130.192.231",
            "13.235.14.237",
            "13.235.122.149",
            "18.211.135.69",
            "35.154.171.200",
            "52.15.183.38",
            "54.88.130.119",
            "54.88.130.237",
            "54.187.174.169",
            "54.187.205.235",
            "54.187.216.72",
        ),
        as_of="2026-11-24",
        url="https://stripe.com/files/ips/ips_webhooks.json",
        pointers=("/WEBHOOKS",),
    ),
    setup=Setup(
        where="Dashboard → Developers → Webhooks → Add destination",
        steps=(
            "Events: choose those that your routes need (payment_intent.* and refund.* count money)",
            "Destination type: Webhook endpoint; Endpoint URL: {url}",
            "reveal the signing secret (whsec_…) and keep it whole",
        ),
        secret="theirs",
    ),
)
