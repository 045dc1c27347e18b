"""What it means that a request got no answer: an error class of the closed list, and a message.

A message names no URL and no header. Pure.
"""

import socket
import ssl

from gateway.model.states import ErrorClass
from gateway.net.dial import ConnectTimeout, Forbidden, NoHost
from gateway.net.http1 import Broken, HeadTooLarge


def classify(error: BaseException) -> tuple[ErrorClass, str]:
    """The class of a failure, and what a person reads."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(str(error))
    for kinds, found, message in _TABLE:
        if isinstance(error, kinds):
            return found, message or str(error)
    if isinstance(error, OSError):
        return ErrorClass.REFUSED, error.strerror or "no connection"
    return ErrorClass.RESET, "the connection broke before the whole answer was there"


_Row = tuple[type[BaseException] | tuple[type[BaseException], ...], ErrorClass, str]
_TABLE: tuple[_Row, ...] = (
    (Forbidden, ErrorClass.REFUSED, ""),
    (ConnectTimeout, ErrorClass.CONNECT_TIMEOUT, "no connection in time"),
    (TimeoutError, ErrorClass.TIMEOUT, "no whole answer in time"),
    (NoHost, ErrorClass.DNS, "the URL names no host"),
    (socket.gaierror, ErrorClass.DNS, "the name does not resolve"),
    (HeadTooLarge, ErrorClass.TOO_LARGE, "the answer's head is too large"),
    (Broken, ErrorClass.RESET, "the connection broke before the whole answer was there"),
    (ConnectionRefusedError, ErrorClass.REFUSED, "nothing listens there"),
    (ConnectionError, ErrorClass.RESET, "the connection broke before it was made"),
    (ssl.SSLError, ErrorClass.TLS, "TLS could not be agreed on"),
)
"""The first that fits. ETIMEDOUT of the system while connecting comes as `ConnectTimeout`."""


def _certificate(text: str) -> tuple[ErrorClass, str]:
    if "expired" in text or "not yet valid" in text:
        return ErrorClass.TLS_EXPIRED, "the certificate is out of date"
    if "ostname mismatch" in text or "IP address mismatch" in text:
        return ErrorClass.TLS_NAME, "the certificate is for another name"
    return ErrorClass.TLS, "the certificate is not trusted"
