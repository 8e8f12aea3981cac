"""The stand-in's HTTP side: requests in, answers and faults out."""

import asyncio
import contextlib
import json
from datetime import UTC, datetime
from typing import Any, Self

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from tests.standin.inject import Injector
from tests.standin.methods import METHODS, get_updates
from tests.standin.rules import Params, Refusal, bad_request
from tests.standin.state import (
    RECORDED,
    Call,
    Chat,
    Exchange,
    Fault,
    State,
    migrated,
    too_many_requests,
)
from tests.standin.webhook import post_updates


def read_params(request: HTTPServerRequest) -> Params:
    """The parameters of a call: query, form, multipart or JSON, files as (name, bytes)."""
    params: Params = {
        name: values[-1].decode("utf-8", "surrogatepass")
        for name, values in {**request.query_arguments, **request.body_arguments}.items()
    }
    for name, files in request.files.items():
        params[name] = (files[-1].filename, files[-1].body)
    if request.headers.get("Content-Type", "").startswith("application/json") and request.body:
        try:
            body = json.loads(request.body)
        except ValueError:
            raise bad_request("can't parse JSON") from None
        if not isinstance(body, dict):
            raise bad_request("the body is not an Object")
        params.update(body)
    return params


class _Base(RequestHandler):
    def initialize(self, state: State) -> None:
        self.state = state
        self.gone = False

    def on_connection_close(self) -> None:
        self.gone = True

    def reply(self, code: int, body: dict[str, Any]) -> None:
        self.set_status(code)
        self.set_header("Content-Type", "application/json")
        self.write(json.dumps(body))

    def refuse(self, refusal: Refusal) -> None:
        body = {"ok": False, "error_code": refusal.code, "description": refusal.description}
        if refusal.parameters:
            body["parameters"] = refusal.parameters
        self.reply(refusal.code, body)

    def hang_up(self) -> None:
        """Close the connection without a byte of answer."""
        self._auto_finish = False
        self.detach().close()


class FileHandler(_Base):
    """Downloads of what users sent to the bot."""

    def get(self, token: str, path: str) -> None:
        """The bytes, or 404."""
        data = self.state.files.get(path.removeprefix("documents/"))
        if token != self.state.token or data is None:
            self.refuse(Refusal(404, "Not Found"))
        else:
            self.write(data)


class MethodHandler(_Base):
    """Calls of methods, by GET or POST."""

    async def get(self, token: str, method: str) -> None:
        """The same as POST."""
        await self.post(token, method)

    async def post(self, token: str, method: str) -> None:
        """Check the token, apply a due fault, carry the call out."""
        exchange: Exchange | None = None
        try:
            if token != self.state.token:
                raise Refusal(401, "Unauthorized")
            params = read_params(self.request)
            self.state.calls.append(Call(method, params, datetime.now(UTC)))
            exchange = self.state.begin(method, params)
            fault = self.state.take_fault(method, params)
            exchange.fault = fault.kind if fault else None
            if fault is None or fault.kind in RECORDED:
                await self.spoil(fault, method, params, exchange)
            else:
                self.fail(fault, params)
        except Refusal as refusal:
            if exchange is not None:
                exchange.retry_after = refusal.parameters.get("retry_after")
            self.refuse(refusal)
        finally:
            if exchange is not None:
                cut = self.gone or not self._auto_finish
                self.state.end(exchange, None if cut else self.get_status())

    async def call(self, method: str, params: Params, exchange: Exchange) -> dict[str, Any]:
        """Carry one call out; the body of a sound answer."""
        if method.lower() == "getupdates":
            result = await get_updates(self.state, params, lambda: self.gone)
        elif method.lower() not in METHODS:
            raise Refusal(404, "Not Found")
        else:
            before = len(self.state.sent)
            result = METHODS[method.lower()](self.state, params)
            if len(self.state.sent) > before:  # nothing else runs meanwhile: it is this one's
                exchange.recorded = self.state.sent[before]
            self.state.tell("recorded", exchange)
        return {"ok": True, "result": result}

    async def spoil(
        self, fault: Fault | None, method: str, params: Params, exchange: Exchange
    ) -> None:
        """Carry a call out, and answer it badly if a fault says so."""
        kind = fault.kind if fault else ""
        args = fault.args if fault else {}
        if kind == "late":
            await asyncio.sleep(args.get("seconds", 1))
        body = await self.call(method, params, exchange)
        if kind == "drop_after":
            self.hang_up()
        elif kind == "truncated":
            self.cut_short(body)
        elif kind == "error_after":
            self.server_error(args.get("status", 502))
        elif kind == "bad_json":
            self.write('{"ok":true,"result":{"message_id":')
        else:
            if kind == "slow":
                await asyncio.sleep(args.get("seconds", 1))
            if not self.gone:
                self.reply(200, body)

    def cut_short(self, body: dict[str, Any]) -> None:
        """Promise a whole answer, send half of it, hang up."""
        data = json.dumps(body).encode()
        self._auto_finish = False
        stream = self.detach()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(data)}"
        writing = stream.write(head.encode() + b"\r\n\r\n" + data[: len(data) // 2])
        writing.add_done_callback(lambda _: stream.close())

    def server_error(self, status: int) -> None:
        """An error page of the machines in front of the Bot API."""
        self.set_status(status)
        self.write(f"<html><head><title>{status} Server Error</title></head></html>")

    def fail(self, fault: Fault, params: Params) -> None:
        """Answer a call that is not carried out."""
        args = fault.args
        if fault.kind == "drop_before":
            self.hang_up()
        elif fault.kind == "server_error":
            self.server_error(args.get("status", 502))
        elif fault.kind == "retry_after":
            raise too_many_requests(args.get("seconds", 1))
        elif fault.kind == "too_many":
            raise Refusal(429, "Too Many Requests")
        elif fault.kind == "not_ok":
            self.reply(200, {"ok": False, "error_code": 400, "description": "Bad Request: odd"})
        elif fault.kind == "migrate":
            if args.get("moves"):
                self.move(int(args["to"]), params)
            raise migrated(args["to"])
        elif fault.kind == "forbidden":
            what = args.get("description", "bot was kicked from the channel chat")
            raise Refusal(403, f"Forbidden: {what}")
        else:
            code = args.get("code", 400)
            raise Refusal(code, args.get("description", "Bad Request: refused"))

    def move(self, to: int, params: Params) -> None:
        """The chat has another id from now on; its old one only names it."""
        with contextlib.suppress(Refusal):
            chat = self.state.chat(params.get("chat_id"))
            chat.migrated_to = to
            self.state.chats.setdefault(to, Chat(to, "supergroup", chat.title))


class BotApiStandin(Injector):
    """A strict Bot API server on loopback, for one bot.

    `async with BotApiStandin() as standin:` serves in the running loop; BotApiThread serves in a
    thread of its own. It refuses what Telegram refuses and remembers what it accepted.
    """

    def __init__(self, **state: Any) -> None:
        """Keep a new State, made from the given fields."""
        super().__init__(State(**state))
        self._server: HTTPServer | None = None
        self._posting: asyncio.Task[None] | None = None
        self.port = 0

    @property
    def api_url(self) -> str:
        """The root, to which /bot<token>/<method> is added."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen on a free port of loopback."""
        application = Application(
            [
                (r"/file/bot([^/]+)/(.+)", FileHandler, {"state": self.state}),
                (r"/bot([^/]+)/(\w+)", MethodHandler, {"state": self.state}),
            ],
            log_function=lambda handler: None,
        )
        sockets = bind_sockets(0, "127.0.0.1")
        self.port = sockets[0].getsockname()[1]
        self._server = HTTPServer(application)
        self._server.add_sockets(sockets)
        self._posting = asyncio.create_task(post_updates(self.state))

    async def stop(self) -> None:
        """Stop listening and close what is open."""
        if self._posting is not None:
            self._posting.cancel()
            await asyncio.wait([self._posting])
        if self._server is not None:
            self._server.stop()
            self.state.pollers += 1  # ends a waiting getUpdates
            await self._server.close_all_connections()
            await asyncio.sleep(0.02)

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Stop."""
        await self.stop()
