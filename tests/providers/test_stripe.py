"""Stripe: money in ISO 4217's minor unit, one canonical event of each fact, thin events."""

import json

import pytest

from gateway.providers import sampling
from tests.providers.reading import faults, item, of_sample

CUSTOMER = {"customer": "cus_TTc4bq9sJw"}
TEST = {"live": False}
SECOND = {"canonical": False}
EUR = {"amount": 4950, "currency": "EUR"}
WHO = {**CUSTOMER, "customer_email": "mira@example.com"}
INTENT = {**TEST, **WHO, "id": "pi_3SWgMo2eZvKYlo2C1x", "title": "Order 2026-1187"}
CHARGE = {
    **TEST,
    **WHO,
    "id": "ch_3SWgMo2eZvKYlo2C1y",
    "title": "Order 2026-1187",
    "currency": "EUR",
    "method": "card",
    "url": "https://pay.stripe.com/receipts/payment/example",
}
REFUND = {
    **TEST,
    "id": "re_3SWgMo2eZvKYlo2C1z",
    "amount": 1500,
    "refunded_amount": 1500,
    "currency": "EUR",
}
DISPUTE = {**TEST, **EUR, "id": "du_1SWgMq2eZvKYlo2C"}
SESSION = {**TEST, **EUR, **WHO, "id": "cs_test_a1SWgM0harbour", "reference": "2026-1187"}
INVOICE = {
    **TEST,
    **WHO,
    "id": "in_1SWgMr2eZvKYlo2C",
    "amount": 2900,
    "currency": "USD",
    "reference": "HARB-0042",
    "url": "https://invoice.stripe.com/i/example",
}
PAYOUT = {
    **TEST,
    "amount": 128000,
    "currency": "EUR",
    "title": "STRIPE PAYOUT",
    "method": "standard",
}
PERSON = {**WHO, "id": "cus_TTc4bq9sJw", "name": "Mira Lang"}
TERM = {
    **TEST,
    **CUSTOMER,
    "id": "sub_1SWgMu2eZvKYlo2C",
    "currency": "USD",
    "started_at": "2025-11-24T07:48:20Z",
}

SAMPLES = {
    "payment-succeeded": ("payment.succeeded", {**INTENT, **EUR}),
    "payment-succeeded-yen": (
        "payment.succeeded",
        {**INTENT, "live": True, "account": "acct_1SHarbour", "amount": 12800, "currency": "JPY"},
    ),
    # Stripe writes 3500 krónur as 350000; ISO 4217 knows no aurar.
    "payment-succeeded-krona": ("payment.succeeded", {**INTENT, "amount": 3500, "currency": "ISK"}),
    "payment-authorized": ("payment.authorized", {**INTENT, **EUR}),
    "payment-pending": ("payment.pending", {**INTENT, **EUR}),
    "payment-canceled": ("payment.canceled", {**INTENT, **EUR}),
    "payment-failed": (
        "payment.failed",
        {
            **INTENT,
            **EUR,
            "failure_code": "card_declined",
            "failure_message": "Your card has insufficient funds.",
        },
    ),
    "charge-succeeded": ("payment.succeeded", {**CHARGE, "amount": 4950, **SECOND}),
    "charge-refunded": ("payment.refunded", {**CHARGE, "refunded_amount": 1500, **SECOND}),
    "refund-created": ("payment.refunded", REFUND),
    "refund-updated": ("payment.refunded", REFUND),
    "refund-failed": ("payment.refund_failed", {**REFUND, "failure_code": "lost_or_stolen_card"}),
    "dispute-opened": ("dispute.opened", DISPUTE),
    "dispute-won": ("dispute.won", DISPUTE),
    "dispute-lost": ("dispute.lost", DISPUTE),
    "checkout-completed": ("checkout.completed", SESSION),
    "checkout-expired": ("checkout.expired", SESSION),
    "invoice-created": ("invoice.created", INVOICE),
    "invoice-paid": ("invoice.paid", INVOICE),
    "invoice-failed": ("invoice.failed", INVOICE),
    "invoice-overdue": ("invoice.overdue", INVOICE),
    "payout-paid": ("payout.paid", {**PAYOUT, "id": "po_1SWgMs2eZvKYlo2C"}),
    "payout-failed": (
        "payout.failed",
        {
            **PAYOUT,
            "id": "po_1SWgMt2eZvKYlo2C",
            "failure_code": "account_closed",
            "failure_message": "The bank account has been closed.",
        },
    ),
    "customer-created": ("customer.created", PERSON),
    "customer-updated": ("customer.updated", PERSON),
    "customer-deleted": ("customer.deleted", PERSON),
    "subscription-created": ("subscription.created", TERM),
    "subscription-updated": ("subscription.updated", TERM),
    "subscription-past-due": ("subscription.past_due", TERM),
    "subscription-paused": ("subscription.paused", TERM),
    "subscription-canceled": (
        "subscription.canceled",
        {**TERM, "finished_at": "2025-11-24T08:11:40Z"},
    ),
    "thin-event": ("other", {**TEST, "id": "mtr_test_61Harbour"}),
}


def body_of(name: str) -> dict:
    (one,) = (each for each in sampling.load("stripe") if each.name == name)
    return json.loads(one.body)


def changed(name: str, previous: object = ..., type: str = "", **thing: object):
    """A sample with another word, other values of its object, another list of what changed."""
    body = body_of(name)
    body["type"] = type or body["type"]
    body["data"]["object"].update(thing)
    body["data"].pop("previous_attributes", None)
    if previous is not ...:
        body["data"]["previous_attributes"] = previous
    found = item("stripe", body)
    assert not faults(found)
    return found


def test_every_sample_is_expected_here():
    assert {one.name for one in sampling.load("stripe")} == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_each_sample_becomes_its_type_with_exactly_these_fields(name):
    found = of_sample("stripe", name)
    assert (found.type, found.fields) == SAMPLES[name]
    assert not faults(found)
    body = body_of(name)
    assert (found.provider_id, found.provider_type) == (body["id"], body["type"])


# ---------------------------------------------------------------- money


@pytest.mark.parametrize(
    ("written", "currency", "minor"),
    [
        (1050, "eur", 1050),
        (1050, "jpy", 1050),
        (1050, "krw", 1050),
        (10500, "bhd", 10500),
        (50000, "isk", 500),
        (50000, "ugx", 500),
        (500, "mga", 50000),
        (0, "usd", 0),
        (999999999999, "usd", 999999999999),
    ],
)
def test_amounts_are_in_iso_4217_s_minor_unit(written, currency, minor):
    found = changed("payment-pending", amount=written, currency=currency)
    assert (found.fields["amount"], found.fields["currency"]) == (minor, currency.upper())


@pytest.mark.parametrize("amount", [10.5, "many", None, [1], {}])
def test_an_amount_that_cannot_be_read_is_left_out(amount):
    assert "amount" not in changed("payment-pending", amount=amount).fields


def test_an_amount_without_a_currency_is_left_out():
    assert "amount" not in changed("payment-pending", currency=None).fields


def test_forints_and_taiwan_dollars_of_a_payout_are_as_iso_4217_has_them():
    for currency in ("huf", "twd"):
        assert changed("payout-paid", currency=currency).fields["amount"] == 128000


# ---------------------------------------------------------------- one fact, one canonical event


@pytest.mark.parametrize(
    ("word", "captured", "to"),
    [
        ("charge.succeeded", True, "payment.succeeded"),
        ("charge.succeeded", False, "payment.authorized"),
        ("charge.captured", True, "payment.succeeded"),
        ("charge.pending", True, "payment.pending"),
        ("charge.failed", True, "payment.failed"),
        ("charge.expired", False, "payment.canceled"),
    ],
)
def test_a_charge_counts_only_where_no_payment_intent_tells_the_same(word, captured, to):
    beside = changed("charge-succeeded", type=word, captured=captured)
    alone = changed("charge-succeeded", type=word, captured=captured, payment_intent=None)
    assert (beside.type, beside.fields["canonical"]) == (to, False)
    assert (alone.type, alone.fields.get("canonical")) == (to, None)


@pytest.mark.parametrize(
    ("word", "status", "previous", "to", "canonical"),
    [
        ("refund.created", "succeeded", ..., "payment.refunded", None),
        ("refund.created", "pending", ..., "other", None),
        ("refund.created", "requires_action", ..., "other", None),
        ("refund.created", "failed", ..., "payment.refund_failed", None),
        ("refund.updated", "succeeded", {"status": "pending"}, "payment.refunded", None),
        ("refund.updated", "succeeded", {"metadata": {}}, "payment.refunded", False),
        ("refund.updated", "pending", {"metadata": {}}, "other", None),
        ("refund.updated", "canceled", {"status": "pending"}, "payment.refund_failed", None),
        ("refund.updated", "failed", {"status": "pending"}, "payment.refund_failed", False),
        ("refund.failed", "failed", ..., "payment.refund_failed", None),
        ("charge.refund.updated", "succeeded", ..., "payment.refunded", False),
        ("charge.refund.updated", "failed", ..., "payment.refund_failed", False),
    ],
)
def test_a_refund_counts_once_by_its_status(word, status, previous, to, canonical):
    found = changed("refund-created", previous, word, status=status)
    assert (found.type, found.fields.get("canonical")) == (to, canonical)


def test_an_invoice_is_paid_once():
    assert "canonical" not in changed("invoice-paid").fields
    assert changed("invoice-paid", type="invoice.payment_succeeded").fields["canonical"] is False


# ---------------------------------------------------------------- by status


@pytest.mark.parametrize(
    ("status", "previous", "to"),
    [
        ("past_due", {"status": "active"}, "past_due"),
        ("past_due", ..., "past_due"),
        ("past_due", {"metadata": {}}, "updated"),
        ("paused", {"status": "trialing"}, "paused"),
        ("active", {"status": "past_due"}, "updated"),
        ("unpaid", {"status": "past_due"}, "updated"),
    ],
)
def test_a_subscription_is_past_due_when_it_becomes_so(status, previous, to):
    word = "customer.subscription.updated"
    found = changed("subscription-updated", previous, word, status=status)
    assert found.type == f"subscription.{to}"


@pytest.mark.parametrize("status", ["warning_closed", "under_review", None])
def test_a_dispute_that_was_neither_won_nor_lost_is_other(status):
    assert changed("dispute-won", status=status).type == "other"


@pytest.mark.parametrize(
    "word",
    [
        "payment_intent.created",
        "checkout.session.async_payment_succeeded",
        "charge.dispute.funds_withdrawn",
        "payout.created",
        "invoice.finalized",
        "a.word.of.the.future",
    ],
)
def test_what_has_no_row_is_other(word):
    assert changed("payment-pending", type=word).type == "other"


# ---------------------------------------------------------------- shapes


def test_an_expanded_customer_is_the_same_customer():
    assert changed("payment-pending", customer={"id": "cus_1"}).fields["customer"] == "cus_1"


def test_a_thin_event_has_its_object_s_id_and_an_iso_time():
    found = item("stripe", {**body_of("thin-event"), "context": "acct_1"})
    assert found.fields["account"] == "acct_1"
    assert of_sample("stripe", "thin-event").time != of_sample("stripe", "payment-pending").time
