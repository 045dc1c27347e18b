"""What a failure of an outgoing request is called: the closed list, and what a person reads."""

import asyncio
import socket
import ssl
from typing import Final

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from gateway.model.states import ErrorClass

NOT_IN_TIME: Final = "no connection in time"
_TOO_LONG: Final = ("when reading", "Too many headers")
"""How aiohttp says that an answer's head is past its limits; it has no class of its own for it."""


class Forbidden(aiohttp.ClientConnectionError):
    """The socket is connected to an address of `guards.FORBIDDEN`."""


def classify(error: BaseException) -> tuple[ErrorClass, str]:
    """The class of a failure, and what a person reads. Names no URL and no header."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return ErrorClass.CONNECT_TIMEOUT, NOT_IN_TIME
    if isinstance(error, asyncio.TimeoutError):
        return ErrorClass.TIMEOUT, "no whole answer in time"
    if isinstance(error, Forbidden):
        return ErrorClass.REFUSED, str(error)
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLCertVerificationError):
        return _certificate(getattr(error, "certificate_error", error))
    if isinstance(error, aiohttp.InvalidURL):
        return ErrorClass.DNS, "the URL names no host"
    if isinstance(error, aiohttp.ClientConnectorDNSError | socket.gaierror):
        return ErrorClass.DNS, "the name does not resolve"
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return ErrorClass.TLS, "TLS could not be agreed on"
    if isinstance(error, aiohttp.ClientConnectorError):
        return _unconnected(error.os_error)
    if isinstance(error, aiohttp.ClientResponseError | HttpProcessingError) and any(
        words in error.message for words in _TOO_LONG
    ):
        return ErrorClass.TOO_LARGE, "the answer's head is too large"
    return ErrorClass.RESET, "the connection broke before the whole answer was there"


def _unconnected(error: OSError) -> tuple[ErrorClass, str]:
    if isinstance(error, ConnectionRefusedError):
        return ErrorClass.REFUSED, "nothing listens there"
    if isinstance(error, TimeoutError):
        return ErrorClass.CONNECT_TIMEOUT, NOT_IN_TIME
    if isinstance(error, ConnectionError):
        return ErrorClass.RESET, "the connection broke before it was made"
    return ErrorClass.REFUSED, error.strerror or "no connection"


def _certificate(error: BaseException) -> tuple[ErrorClass, str]:
    text = str(error)
    if "expired" in text or "not yet valid" in text:
        return ErrorClass.TLS_EXPIRED, "the certificate is out of date"
    if "ostname mismatch" in text or "IP address mismatch" in text:
        return ErrorClass.TLS_NAME, "the certificate is for another name"
    return ErrorClass.TLS, "the certificate is not trusted"
