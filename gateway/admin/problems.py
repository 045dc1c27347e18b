"""How errors are answered: RFC 9457 problems for programs, pages for people, never a traceback."""

import secrets
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import orjson
from aiohttp import web

from gateway.admin.rendering import page
from gateway.errors import ConfigInvalid, GatewayError, StoreUnavailable
from gateway.observe.logs import logger
from gateway.observe.traces import frames

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
TYPE = "application/problem+json"


def problem(status: int, detail: str, request_id: str = "") -> web.Response:
    """An error as a program reads it."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if request_id:
        body["request_id"] = request_id
    return web.Response(body=orjson.dumps(body), status=status, content_type=TYPE)


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers every error that a handler or another middleware raises."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        answer = _answer(request, error.status, _text(error))
        for name in ("Allow", "Retry-After"):
            if name in error.headers:
                answer.headers[name] = error.headers[name]
        return answer
    except StoreUnavailable as error:
        return _answer(request, 503, str(error))
    except ConfigInvalid as error:
        return _answer(request, 409, str(error))
    except GatewayError as error:
        return _answer(request, 422, str(error))
    except Exception as error:  # noqa: BLE001  # the last word: whatever it is, it is logged
        number = secrets.token_hex(6)
        logger("admin").error(
            "unexpected", request_id=number, path=request.path, error=type(error).__name__,
            trace=frames(error),
        )  # fmt: skip
        text = f"Something went wrong in the gateway. Its log tells more under {number}."
        return _answer(request, 500, text, number)


def _text(error: web.HTTPException) -> str:
    if error.text and error.text != f"{error.status}: {error.reason}":
        return error.text.strip()
    return _PLAIN.get(error.status, error.reason)


_PLAIN = {
    404: "There is nothing under this address.",
    405: "This address does not take this method.",
    413: "The request is too large.",
}


def _answer(request: web.Request, status: int, text: str, number: str = "") -> web.Response:
    if "text/html" not in request.headers.get("Accept", "") or request.path.startswith("/api/"):
        return problem(status, text, number)
    title = HTTPStatus(status).phrase
    return page(request, "error.html", {"title": title, "text": text}, status=status)
