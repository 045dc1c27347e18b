"""One signed sample to a source: what `gateway send` and `gateway dev` do."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from gateway.cli.common import NotFound
from gateway.errors import GatewayError
from gateway.plan.plan import Source
from gateway.providers import sampling
from gateway.providers.sampling import Sample
from gateway.providers.sign import CannotSign, sign


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that was made, and its answer."""

    sample: str
    url: str
    headers: Sequence[tuple[str, str]]
    size: int
    status: int
    body: bytes


def samples(source: Source) -> tuple[Sample, ...]:
    """What this source's sender may send."""
    return sampling.load(source.declaration.name)


def choose(source: Source, name: str | None) -> Sample:
    """A sample by name, or the first that is no ping. Raises `NotFound`."""
    known = samples(source)
    if name is None:
        preferred = [one for one in known if one.name in {"push", "payment-succeeded"}]
        usual = [one for one in known if "ping" not in one.name]
        return (preferred or usual or list(known))[0]
    for one in known:
        if one.name == name:
            return one
    raise NotFound(f"no sample {name!r}; there are: {', '.join(one.name for one in known)}")


async def send(source: Source, sample: Sample, base: str, public_url: str, now: float) -> Sent:
    """Signs a fresh copy of a sample as the sender does, and posts it.

    base: where the gateway listens. Raises `GatewayError` where it cannot be signed or reached.
    """
    if source.verifier is None or not source.secrets:
        raise GatewayError(f"source {source.name} cannot be signed for: {source.problem}")
    one = sampling.fresh(sample, source.declaration, now=now, ids=lambda: secrets.token_hex(16))
    headers = [("Content-Type", one.content_type), *one.headers]
    options = {k: v for k, v in source.options.items() if isinstance(v, str)}
    try:
        headers += sign(
            source.verifier.bound[0].scheme,
            source.secrets[0].value,
            method="POST",
            headers=headers,
            body=one.body,
            url=f"{public_url}{source.path}",
            options=options,
            now=now,
        )
    except CannotSign as error:
        raise GatewayError(f"source {source.name}: {error}") from None
    url = f"{base}{source.path}"
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=one.body, headers=headers) as answer,
        ):
            body = await answer.read()
    except aiohttp.ClientConnectionError as error:
        raise GatewayError(f"cannot reach {url}: is the gateway running? ({error})") from None
    return Sent(one.name, url, headers, len(one.body), answer.status, body)
