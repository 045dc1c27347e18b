"""The shapes of how a target knows us: `auth` and `tls`."""

from typing import Literal

from pydantic import Field

from gateway.config.kinds import Shape


class Basic(Shape):
    """HTTP Basic (RFC 7617)."""

    user: str = Field(description="The name.")
    password: str = Field(description="A secret: `${NAME}` or `file:PATH`.")


class OAuth2(Shape):
    """OAuth 2.0 client credentials (RFC 6749, 4.4). The token is kept and renewed early."""

    token_url: str = Field(description="Where tokens are given: https.")
    client_id: str = Field(description="Our name there.")
    client_secret: str = Field(description="A secret: `${NAME}` or `file:PATH`.")
    scope: str = Field("", description="Scopes with blanks between them; default none.")
    audience: str = Field("", description="Some servers want one; default none.")
    send: Literal["basic", "body"] = Field(
        "basic", description="Where id and secret go: as HTTP Basic, or in the form. Default basic."
    )


class BodyHmac(Shape):
    """An HMAC in a header of its own, for services that check one already."""

    header: str = Field(description="Its name: `X-Signature`.")
    secret: str = Field(description="A secret: `${NAME}` or `file:PATH`.")
    algorithm: Literal["sha256", "sha1", "sha512"] = Field("sha256", description="Default sha256.")
    encoding: Literal["hex", "base64"] = Field("hex", description="Default hex.")
    prefix: str = Field("", description="Stands before the value: `sha256=`.")
    signed: str = Field(
        "{body}",
        description="What is signed, of `{body}`, `{id}` and `{timestamp}` (those of our headers). "
        "Default `{body}`.",
    )


class Auth(Shape):
    """How a target knows that it is us: one of these."""

    basic: Basic | None = Field(None, description="User and password.")
    bearer: str | None = Field(None, description="A secret: sent as `Authorization: Bearer`.")
    oauth2: OAuth2 | None = Field(None, description="A token that is fetched.")
    hmac: BodyHmac | None = Field(None, description="A signature in a header of its own.")


class Tls(Shape):
    """For https: whom we trust there, and who we are. Files in PEM, from routes.yaml's folder."""

    ca: str = Field("", description="Whose certificates count, instead of the system's.")
    certificate: str = Field("", description="Ours, with its chain.")
    key: str = Field("", description="Its private key, if that is another file.")
