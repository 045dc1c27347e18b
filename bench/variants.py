"""A gateway with one part taken out or put back: what that part costs, or would save elsewhere.

python -m bench.variants NAME CONFIG
"""

import sys
from collections.abc import Callable, Sequence

from aiohttp import web
from multidict import CIMultiDict

from gateway.app import writer
from gateway.cli.main import main
from gateway.ingest.judge import Judge
from gateway.ingest.parts import Answer, Parts
from gateway.ingest.server import PublicServer
from gateway.model.records import Admission, Admitted
from gateway.model.request import Headers
from gateway.store.sqlite.store import SqliteStore

_ANSWER = Answer(
    202,
    (("Content-Type", "application/json"),),
    b'{"status":"accepted","id":"evt_01ABCDEFGHJKMNPQRSTVWXYZ00"}',
)


def no_writer() -> None:
    """Nothing is stored: what is left is the most that another way to the store could give."""

    async def accept(_: SqliteStore, admission: Admission) -> Sequence[Admitted]:
        return [Admitted(duplicate=False, id=event.id) for event in admission.events]

    SqliteStore.accept = accept  # type: ignore[method-assign]


def no_judge() -> None:
    """Bodies are read and answered: what reading HTTP and answering cost."""

    async def receive(_: Judge, parts: Parts) -> Answer:
        parts.body.whole()
        return _ANSWER

    Judge.receive = receive  # type: ignore[method-assign]


def writer_thread() -> None:
    """A thread writes, as it was before and is with one CPU."""
    writer.command = lambda _: ()


class _Whole:
    """A body that aiohttp has read."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def whole(self) -> bytes:
        return self._body


def aiohttp_objects() -> None:
    """aiohttp's own loop, with its request, response and task for each, on its low-level server."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/healthz":
            return web.Response(text="ok")
        transport = request.transport
        peer = transport.get_extra_info("peername") if transport is not None else None
        parts = Parts(
            method=request.method,
            target=request.raw_path,
            headers=Headers(request.raw_headers),
            peer=peer[0] if peer else None,
            body=_Whole(await request.read()),  # type: ignore[arg-type]
        )
        answer = await judges[0].receive(parts)
        headers = CIMultiDict(answer.headers)
        return web.Response(status=answer.status, body=answer.body, headers=headers)

    judges: list[Judge] = []
    made = PublicServer.__init__

    def init(self: PublicServer, judge: Judge, **more: object) -> None:
        made(self, judge, **more)  # type: ignore[arg-type]
        judges.append(judge)
        self.request_handler = handle

    def factory(self: PublicServer) -> web.RequestHandler:
        return web.RequestHandler(self, loop=self._loop, access_log=None, auto_decompress=False)

    PublicServer.__init__ = init  # type: ignore[assignment,method-assign]
    PublicServer.__call__ = factory  # type: ignore[assignment,method-assign]


VARIANTS: dict[str, Callable[[], None]] = {
    "whole": lambda: None,
    "writer-thread": writer_thread,
    "aiohttp-objects": aiohttp_objects,
    "no-writer": no_writer,
    "no-judge": no_judge,
}

if __name__ == "__main__":
    VARIANTS[sys.argv[1]]()
    sys.argv = ["gateway", "serve", "-c", sys.argv[2], "--log-level", "warning"]
    main()
