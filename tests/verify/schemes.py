"""How each sender with vectors signs, in the words of our schemes: the vectors' other half."""

from collections.abc import Callable, Mapping

from gateway.verify.base import Scheme
from gateway.verify.basic import Basic
from gateway.verify.hmac import Hmac, Timestamp
from gateway.verify.standard_webhooks import StandardWebhooks
from gateway.verify.token import Token
from tests.vectors import Vector

SchemeOf = Callable[[Vector], Scheme]


def _always(scheme: Scheme) -> SchemeOf:
    return lambda vector: scheme


def _hex(header: str, **more: object) -> SchemeOf:
    return _always(Hmac(header=header, **more))


def _base64(header: str, **more: object) -> SchemeOf:
    return _always(Hmac(header=header, encoding="base64", **more))


def _by_mode(vector: Vector) -> Scheme:
    """Senders whose receiver chooses between tokens."""
    match vector.secrets["mode"]:
        case "basic":
            return Basic()
        case "bearer":
            return Token("Authorization", prefix="Bearer ")
        case "authorization":
            return Token("Authorization")
        case _:
            return Token(str(vector.secrets["header"]))


def _gitlab(vector: Vector) -> Scheme:
    signing = vector.secrets["mode"] == "signing"
    return StandardWebhooks() if signing else Token("X-Gitlab-Token")


def _buildkite(vector: Vector) -> Scheme:
    if vector.secrets["mode"] == "token":
        return Token("X-Buildkite-Token")
    return Hmac(
        "X-Buildkite-Signature",
        signed="{timestamp}.{body}",
        separator=",",
        entry="signature",
        timestamp=Timestamp(entry="timestamp"),
    )


def _convoy(vector: Vector) -> Scheme:
    header = str(vector.secrets["header"])
    algorithm = str(vector.secrets["hash"]).lower()
    encoding = vector.secrets["encoding"]
    if vector.secrets["mode"] == "simple":
        return Hmac(header, algorithm=algorithm, encoding=encoding)
    return Hmac(
        header,
        algorithm=algorithm,
        encoding=encoding,
        signed="{timestamp},{body}",
        separator=",",
        entry="v1",
        timestamp=Timestamp(entry="t"),
    )


def _grafana(vector: Vector) -> Scheme:
    if vector.secrets["mode"] == "basic":
        return Basic()
    header = str(vector.secrets["header"])
    stamp = vector.secrets.get("timestamp_header")
    if stamp is None:
        return Hmac(header)
    return Hmac(header, signed="{timestamp}:{body}", timestamp=Timestamp(header=str(stamp)))


_SHA256_PREFIX = {"prefix": "sha256="}
_T_V1 = {
    "signed": "{timestamp}.{body}",
    "separator": ",",
    "entry": "v1",
    "timestamp": Timestamp(entry="t"),
}

SCHEMES: Mapping[str, SchemeOf] = {
    "airwallex": _hex(
        "x-signature",
        signed="{timestamp}{body}",
        timestamp=Timestamp(header="x-timestamp", unit="ms"),
    ),
    "alertmanager": _by_mode,
    "appveyor": _by_mode,
    "argocd": _by_mode,
    "authorizenet": _hex("X-ANET-Signature", algorithm="sha512", prefix="sha512="),
    "azure-devops": _by_mode,
    "bigcommerce": _always(StandardWebhooks(key_encoding="text")),
    "bitbucket-cloud": _hex("X-Hub-Signature", **_SHA256_PREFIX),
    "bitbucket-server": _hex("X-Hub-Signature", **_SHA256_PREFIX),
    "buildkite": _buildkite,
    "cashfree": _base64(
        "x-webhook-signature",
        signed="{timestamp}{body}",
        timestamp=Timestamp(header="x-webhook-timestamp", unit="ms"),
    ),
    "chargebee": _always(Basic()),
    "checkout": _hex("Cko-Signature"),
    "circleci": _hex("circleci-signature", separator=",", entry="v1"),
    "coinbase-commerce": _hex("X-CC-Webhook-Signature"),
    "convoy": _convoy,
    "creem": _hex("creem-signature"),
    "datadog": _by_mode,
    "dlocal": _hex(
        "Authorization",
        prefix="V2-HMAC-SHA256, Signature: ",
        signed="{option.x_login}{header.X-Date}{body}",
    ),
    "dodopayments": _always(StandardWebhooks()),
    "fastspring": _base64("X-FS-Signature"),
    "flutterwave": _base64("flutterwave-signature"),
    "flutterwave-v3": _always(Token("verif-hash")),
    "forgejo": _hex("X-Forgejo-Signature"),
    "gitea": _hex("X-Gitea-Signature"),
    "github": _hex("X-Hub-Signature-256", **_SHA256_PREFIX),
    "gitlab": _gitlab,
    "gocardless": _hex("Webhook-Signature"),
    "gogs": _hex("X-Gogs-Signature"),
    "grafana": _grafana,
    "harbor": _by_mode,
    "heroku": _base64("Heroku-Webhook-Hmac-SHA256"),
    "hookdeck-outpost": _hex("x-outpost-signature", prefix="v0=", separator=","),
    "jenkins-cdevents": _by_mode,
    "jenkins-generic-event": _by_mode,
    "jenkins-notification": _by_mode,
    "jenkins-outbound-webhook": _by_mode,
    "jira": _hex("X-Hub-Signature", **_SHA256_PREFIX),
    "lemonsqueezy": _hex("X-Signature"),
    "linear": _hex("Linear-Signature"),
    "mollie": _hex("X-Mollie-Signature", **_SHA256_PREFIX),
    "npm": _hex("x-npm-signature", **_SHA256_PREFIX),
    "omise": _hex(
        "Omise-Signature",
        key_encoding="base64",
        separator=",",
        signed="{timestamp}.{body}",
        timestamp=Timestamp(header="Omise-Signature-Timestamp"),
    ),
    "opsgenie": _by_mode,
    "paddle": _hex(
        "Paddle-Signature",
        signed="{timestamp}:{body}",
        separator=";",
        entry="h1",
        timestamp=Timestamp(entry="ts"),
    ),
    "pagerduty": _hex("X-PagerDuty-Signature", separator=",", entry="v1"),
    "paystack": _hex("x-paystack-signature", algorithm="sha512"),
    "polar": _always(StandardWebhooks(key_encoding="text")),
    "quickbooks": _base64("intuit-signature"),
    "razorpay": _hex("X-Razorpay-Signature"),
    "revolut": _hex(
        "Revolut-Signature",
        signed="v1.{timestamp}.{body}",
        separator=",",
        entry="v1",
        timestamp=Timestamp(header="Revolut-Request-Timestamp", unit="ms"),
    ),
    "semaphore": _hex("X-Semaphore-Signature-256"),
    "sentry": _hex("Sentry-Hook-Signature"),
    "shopify": _base64("X-Shopify-Hmac-Sha256"),
    "slack": _hex(
        "X-Slack-Signature",
        prefix="v0=",
        signed="v0:{timestamp}:{body}",
        timestamp=Timestamp(header="X-Slack-Request-Timestamp"),
    ),
    "square": _base64("x-square-hmacsha256-signature", signed="{url}{body}"),
    "standard-webhooks": _always(StandardWebhooks()),
    "stripe": _hex("Stripe-Signature", **_T_V1),
    "svix": _always(StandardWebhooks()),
    "teamcity": _by_mode,
    "telegram": _by_mode,
    "terraform": _hex("X-TFE-Notification-Signature", algorithm="sha512"),
    "terraform-run-task": _hex("X-TFC-Task-Signature", algorithm="sha512"),
    "tosspayments": _base64(
        "tosspayments-webhook-signature",
        prefix="v1:",
        separator=",",
        signed="{body}:{header.tosspayments-webhook-transmission-time}",
    ),
    "vercel": _hex("x-vercel-signature", algorithm="sha1"),
    "woocommerce": _base64("X-WC-Webhook-Signature"),
    "worldpay": _hex("Event-Signature", separator=",", entry="2", assign="/SHA256/"),
    "xendit": _always(Token("x-callback-token")),
    "xero": _base64("x-xero-signature"),
}
