"""The shape of a target: where deliveries go, in which turn, how fast, and what when it fails."""

import contextlib
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from gateway.config import values
from gateway.config.auth_shapes import Auth, Tls
from gateway.config.kinds import Duration, Rate, Shape, Size, Whole, something, whole


def _number(value: object) -> object:
    """A variable's text as the number it is."""
    if isinstance(value, values.Substituted):
        with contextlib.suppress(ValueError):
            return float(value)
    return value


def _share(ratio: float) -> float:
    if not 0 < ratio <= 1:
        raise ValueError(f"{ratio} is no share; write it like 0.5")
    return ratio


def _readable(size: int) -> int:
    if size > 64 * 1024:
        raise ValueError("at most 64KiB of an answer are read")
    return size


class Retry(Shape):
    """When a delivery is tried again."""

    base: Duration = Field(5.0, description="First delay. Default 5s.")
    cap: Duration = Field(1800.0, description="Longest delay. Default 30m.")
    window: Duration = Field(72 * 3600.0, description="How long it is tried. Default 72h.")
    attempts: Annotated[int, Field(ge=1), BeforeValidator(whole)] | None = Field(
        None, description="How often at most; default no limit."
    )


class Endpoint(Shape):
    """One URL of a target."""

    url: str = Field(description="http or https.")
    weight: Whole = Field(
        1, ge=1, le=1000, description="Its share with `balance: weighted`. Default 1."
    )


class Breaker(Shape):
    """When an endpoint that fails is left alone, and for how long. `{}` takes the defaults."""

    failures: Annotated[int, Field(ge=1, le=1000), BeforeValidator(whole)] | None = Field(
        None,
        description="Opens after so many failures in a row. Default 5; none if only `ratio` is "
        "written.",
    )
    ratio: Annotated[float, BeforeValidator(_number), AfterValidator(_share)] | None = Field(
        None, description="Opens at this share of failures within `window`; default no limit."
    )
    window: Duration = Field(30.0, description="What `ratio` looks back on. Default 30s.")
    minimum: Whole = Field(
        20,
        ge=1,
        le=100_000,
        description="Attempts in the window before `ratio` counts. Default 20.",
    )
    cooldown: Duration = Field(
        30.0, description="Open so long, then one probe; doubled each time it fails. Default 30s."
    )
    cap: Duration = Field(300.0, description="Longest cooldown. Default 5m.")


class Health(Shape):
    """An active check: GET, and any 2xx is well. Two failed ones in a row take the endpoint out."""

    path: str = Field(description="Where, on each endpoint: `/healthz`.")
    every: Duration = Field(10.0, description="Time from check to check. Default 10s.")


class Target(Shape):
    """An internal destination."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["url"]}, {"required": ["endpoints"]}]}
    )

    url: str = Field("", description="http or https: the only endpoint. Else `endpoints`.")
    endpoints: Annotated[list[Endpoint], Field(min_length=1, max_length=100)] | None = Field(
        None, description="Several URLs that do the same."
    )
    balance: Literal["round_robin", "random", "weighted", "failover", "least_pending"] = Field(
        "round_robin", description="Which endpoint is next."
    )
    resolve: Literal["one", "all"] = Field(
        "one", description="all: each address of a name is an endpoint of its own."
    )
    timeout: Duration = Field(10.0, description="The whole attempt, answer included. Default 10s.")
    connect_timeout: Duration = Field(3.0, description="For the connection. Default 3s.")
    answer: Annotated[Size, AfterValidator(something), AfterValidator(_readable)] = Field(
        64 * 1024, description="What of an answer is read at most. Default and most 64KiB."
    )
    retry: Retry = Field(default_factory=Retry, description="When to try again.")
    concurrency: Whole = Field(10, ge=1, le=1000, description="Attempts at once. Default 10.")
    rate: Rate | None = Field(None, description="Attempts in a time; default no limit.")
    breaker: Breaker | None = Field(
        None, description="Leaves failing endpoints alone; default none."
    )
    health: Health | None = Field(None, description="Asks endpoints how they are; default not.")
    sign: list[str] = Field(
        default_factory=list, description="Secrets of Standard Webhooks signatures outwards."
    )
    headers: dict[str, str] = Field(
        default_factory=dict, description="Sent with every attempt; `file:PATH` is a secret."
    )
    auth: Auth | None = Field(None, description="How the target knows us, beside `sign`.")
    tls: Tls | None = Field(None, description="For https: certificates of ours, or of theirs.")
    fair_by: str | None = Field(
        None,
        description="An expression: those with the same value share one turn, so that a burst of "
        "one account does not hold up the others.",
    )
