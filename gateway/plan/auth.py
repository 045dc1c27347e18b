"""`auth`, `tls` and `sign` of a target: what is written becomes what the plan holds."""

import base64
import binascii
import contextlib
import hashlib
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.config import auth_shapes, values
from gateway.config.marks import Path_
from gateway.plan.credentials import BodyHmac, OAuth2, SigningKey, Tls
from gateway.plan.headers import is_ours
from gateway.plan.notes import Notes, Surroundings
from gateway.plan.urls import check_url
from gateway.verify.base import BadKey, Secret
from gateway.verify.standard_webhooks import StandardWebhooks

_PART: Final = re.compile(r"(\{(?:body|id|timestamp)\})")
_ODD: Final = re.compile(r"\{\w+\}")
_OPEN: Final = re.compile(
    r"http://(?!(?:127\.0\.0\.1|localhost|\[::1\])(?:[:/?]|$))", re.IGNORECASE
)
_WHSK: Final = b"whsk_"
_SEED: Final = 32


@dataclass(frozen=True, slots=True)
class Known:
    """How a target knows us."""

    authorization: str | None = None
    """A value of that header that never changes."""
    oauth2: OAuth2 | None = None
    hmac: BodyHmac | None = None


def signing_keys(
    texts: list[str], path: Path_, around: Surroundings, notes: Notes
) -> list[SigningKey]:
    """The keys of Standard Webhooks: `whsec_…`, any other text, or `whsk_…` for ed25519."""
    keys: list[SigningKey] = []
    for number, text in enumerate(texts):
        where = (*path, number)
        secret = _secret(text, where, around, notes, number + 1)
        if secret is None:
            continue
        try:
            keys.append(_signing_key(secret))
        except (ValueError, BadKey) as error:
            notes.error(where, str(error))
    return keys


def _signing_key(secret: values.SecretText) -> SigningKey:
    """Raises `BadKey` or ValueError."""
    if secret.value.startswith(_WHSK):
        return _ed25519(secret)
    encoding = "whsec" if secret.value.startswith(b"whsec_") else "text"
    scheme = StandardWebhooks(key_encoding=encoding)  # type: ignore[arg-type]  # one of the two
    return scheme.key(Secret(secret.label, secret.value)).value


def _ed25519(secret: values.SecretText) -> Ed25519PrivateKey:
    """Base64 of the seed, or of seed and public key as most libraries write it."""
    try:
        raw = base64.b64decode(secret.value.removeprefix(_WHSK), validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) not in {_SEED, 2 * _SEED}:
        raise ValueError(f"{secret.label}: after whsk_ base64 of 32 or 64 bytes is wanted")
    key = Ed25519PrivateKey.from_private_bytes(raw[:_SEED])
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    if raw[_SEED:] not in {b"", public}:
        raise ValueError(f"{secret.label}: its second half is not the public key of the first")
    return key


def compile_auth(
    shape: auth_shapes.Auth | None,
    tls: Tls | None,
    path: Path_,
    around: Surroundings,
    notes: Notes,
) -> Known:
    """`auth` of a target; mistakes go to `notes`."""
    if shape is None:
        return Known()
    written = [name for name in type(shape).model_fields if getattr(shape, name) is not None]
    if len(written) != 1:
        notes.error(path, "one way to be known is wanted", "basic, bearer, oauth2 or hmac")
        return Known()
    if shape.basic is not None:
        return _basic(shape.basic, (*path, "basic"), around, notes)
    if shape.bearer is not None:
        token = secret_text(shape.bearer, (*path, "bearer"), around, notes)
        return Known() if token is None else Known(authorization=f"Bearer {token}")
    if shape.oauth2 is not None:
        return _oauth2(shape.oauth2, tls, (*path, "oauth2"), around, notes)
    return Known() if shape.hmac is None else _hmac(shape.hmac, (*path, "hmac"), around, notes)


def _basic(shape: auth_shapes.Basic, path: Path_, around: Surroundings, notes: Notes) -> Known:
    if ":" in shape.user:
        notes.error((*path, "user"), "a user's name holds no colon (RFC 7617, 2)")
    password = _secret(shape.password, (*path, "password"), around, notes)
    if password is None:
        return Known()
    pair = shape.user.encode() + b":" + password.value
    return Known(authorization="Basic " + base64.b64encode(pair).decode())


def _oauth2(
    shape: auth_shapes.OAuth2, tls: Tls | None, path: Path_, around: Surroundings, notes: Notes
) -> Known:
    where = (*path, "token_url")
    check_url(
        shape.token_url, where, notes,
        like="https://id.example.com/token", instead="write `client_id` and `client_secret`",
    )  # fmt: skip
    if _OPEN.match(shape.token_url):
        notes.warn(where, "the client's secret goes there unencrypted", "use https")
    secret = secret_text(shape.client_secret, (*path, "client_secret"), around, notes)
    if secret is None:
        return Known()
    return Known(
        oauth2=OAuth2(
            shape.token_url, shape.client_id, secret, shape.scope, shape.audience, shape.send, tls
        )
    )


def _hmac(shape: auth_shapes.BodyHmac, path: Path_, around: Surroundings, notes: Notes) -> Known:
    if not values.HEADER.fullmatch(shape.header):
        notes.error((*path, "header"), f"{shape.header!r} is no header's name")
    elif is_ours(shape.header):
        notes.error((*path, "header"), f"{shape.header!r} cannot be set here")
    if "{body}" not in shape.signed:
        notes.error(
            (*path, "signed"), "the body is not in it", "write {body} or {timestamp}.{body}"
        )
    for odd in _ODD.findall(_PART.sub("", shape.signed)):
        notes.error((*path, "signed"), f"{odd} is none of {{body}}, {{id}}, {{timestamp}}")
    if not f"{shape.prefix}{shape.signed}".isprintable() or not shape.prefix.isascii():
        notes.error((*path, "prefix"), "only printable ASCII can stand in a header")
    secret = _secret(shape.secret, (*path, "secret"), around, notes)
    if secret is None:
        return Known()
    return Known(
        hmac=BodyHmac(
            shape.header, secret.value, shape.algorithm, shape.encoding, shape.prefix,
            tuple(part for part in _PART.split(shape.signed) if part),
        )
    )  # fmt: skip


def compile_tls(
    shape: auth_shapes.Tls | None, path: Path_, around: Surroundings, notes: Notes
) -> Tls | None:
    """`tls` of a target: its files are read now, and again at each reload."""
    if shape is None:
        return None
    context = ssl.create_default_context()
    if shape.ca:
        try:
            context = ssl.create_default_context(cafile=str(_file(shape.ca, around)))
        except (OSError, ValueError) as error:
            notes.error((*path, "ca"), _unread(shape.ca, error))
    if shape.key and not shape.certificate:
        notes.error((*path, "key"), "a key without its certificate", "write `certificate` too")
    if shape.certificate:
        key = _file(shape.key, around) if shape.key else None
        try:
            # Nobody is there to be asked for a passphrase.
            context.load_cert_chain(_file(shape.certificate, around), key, password=lambda: b"")
        except (OSError, ValueError) as error:
            notes.error((*path, "certificate"), _unread(shape.certificate, error))
    return Tls(context, _digest([shape.ca, shape.certificate, shape.key], around))


def _digest(texts: Sequence[str], around: Surroundings) -> str:
    """Of what the files hold; those that cannot be read were noted."""
    whole = hashlib.sha256()
    for text in texts:
        with contextlib.suppress(OSError, ValueError):
            held = _file(text, around).read_bytes() if text else b""
            whole.update(b"%d:" % len(held) + held)
    return whole.hexdigest()


def _file(text: str, around: Surroundings) -> Path:
    return around.folder / text.removeprefix("file:")


def _unread(text: str, error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        said = "it is not a PEM file that fits (a key must have no passphrase)"
    else:
        said = (error.strerror if isinstance(error, OSError) else "") or str(error)
    return f"cannot use {text!r}: {said}"


def _secret(
    text: str, path: Path_, around: Surroundings, notes: Notes, number: int = 1
) -> values.SecretText | None:
    try:
        read = values.secret(text, number, around.environ, around.folder)
    except values.BadVariable as bad:
        notes.error(path, str(bad), bad.hint)
        return None
    except ValueError as error:
        notes.error(path, str(error))
        return None
    if read.literal:
        notes.warn(path, "the secret stands in the file itself", "use file:PATH or ${NAME}")
    if not read.value:
        notes.error(path, f"{read.label}: the secret is empty")
        return None
    return read


def secret_text(text: str, path: Path_, around: Surroundings, notes: Notes) -> str | None:
    """A secret that goes into a header."""
    read = _secret(text, path, around, notes)
    if read is None:
        return None
    if not read.value.isascii() or not read.value.decode("ascii").isprintable():
        notes.error(path, f"{read.label}: only printable ASCII can stand in a header")
        return None
    return read.value.decode("ascii")
