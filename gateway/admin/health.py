"""What machines ask: is it alive, is it ready, its metrics. None of them asks the store."""

import orjson
from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from gateway.admin.keys import DEPS

routes = web.RouteTableDef()


@routes.get("/healthz")
async def alive(_: web.Request) -> web.Response:
    """The process answers."""
    return web.Response(text="ok\n")


@routes.get("/readyz")
async def ready(request: web.Request) -> web.Response:
    """200 where every condition holds, else 503 and which does not."""
    conditions = request.app[DEPS].ready()
    fine = all(conditions.values())
    body = orjson.dumps({"ready": fine, "conditions": dict(conditions)})
    return web.Response(body=body, status=200 if fine else 503, content_type="application/json")


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """In the Prometheus text format."""
    body = request.app[DEPS].metrics()
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})
