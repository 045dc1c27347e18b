"""Reading a request as a provider's declaration says, for the tests of the senders."""

import json
from functools import cache

from jsonschema import Draft202012Validator

from gateway import providers, schemas
from gateway.model.request import Headers, Request
from gateway.providers import sampling
from gateway.providers.extract import Extractor, Item
from gateway.providers.vocabulary import family

RECEIVED = 1_790_000_000.0


@cache
def extractor(provider: str) -> Extractor:
    return Extractor(providers.load(provider))


def request(body: bytes | object, headers=(), content_type="application/json") -> Request:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    pairs = (("Content-Type", content_type), *headers)
    return Request(
        "POST",
        "/in/source",
        b"",
        Headers(tuple((name.encode(), value.encode()) for name, value in pairs)),
        raw,
    )


def items(provider: str, sent: Request) -> tuple[Item, ...]:
    read = extractor(provider)
    return read.items(sent, read.payload(sent), RECEIVED)


def item(provider: str, body: bytes | object, headers=()) -> Item:
    (only,) = items(provider, request(body, headers))
    return only


def of_sample(provider: str, name: str) -> Item:
    (one,) = (each for each in sampling.load(provider) if each.name == name)
    (only,) = items(provider, request(one.body, one.headers, one.content_type))
    return only


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(schemas.load(name))


def faults(found: Item) -> list[str]:
    """What a family's schema says against the normalized fields."""
    return faults_of(found.type, found.fields)


def faults_of(type: str, fields: object) -> list[str]:
    """The same for a type and its fields."""
    return [error.message for error in _validator(family(type)).iter_errors(fields)]
