"""The stand-in's HTTP side: requests in, answers and faults out."""

import asyncio
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
from tests.standin.state import Call, Fault, State, too_many_requests


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
        try:
            if token != self.state.token:
                raise Refusal(401, "Unauthorized")
            params = read_params(self.request)
            self.state.calls.append(Call(method, params, datetime.now(UTC)))
            fault = self.state.take_fault(method, params)
            if fault is None or fault.kind in ("drop_after", "bad_json", "slow"):
                body = {"ok": True, "result": await self.call(method, params)}
                await self.spoil(fault, body)
            else:
                self.fail(fault)
        except Refusal as refusal:
            self.refuse(refusal)

    async def call(self, method: str, params: Params) -> Any:
        """The result of one method."""
        if method.lower() == "getupdates":
            return await get_updates(self.state, params, lambda: self.gone)
        if method.lower() not in METHODS:
            raise Refusal(404, "Not Found")
        return METHODS[method.lower()](self.state, params)

    async def spoil(self, fault: Fault | None, body: dict[str, Any]) -> None:
        """Answer a call that was carried out, badly if a fault says so."""
        if fault is not None and fault.kind == "drop_after":
            self.hang_up()
            return
        if fault is not None and fault.kind == "bad_json":
            self.write('{"ok":true,"result":{"message_id":')
            return
        if fault is not None:
            await asyncio.sleep(fault.args.get("seconds", 1))
        if not self.gone:
            self.reply(200, body)

    def fail(self, fault: Fault) -> None:
        """Answer a call that is not carried out."""
        args = fault.args
        if fault.kind == "drop_before":
            self.hang_up()
        elif fault.kind == "server_error":
            status = args.get("status", 502)
            self.set_status(status)
            self.write(f"<html><head><title>{status} Server Error</title></head></html>")
        elif fault.kind == "retry_after":
            raise too_many_requests(args.get("seconds", 1))
        elif fault.kind == "migrate":
            what = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refusal(400, what, migrate_to_chat_id=args["to"])
        elif fault.kind == "forbidden":
            what = args.get("description", "bot was kicked from the channel chat")
            raise Refusal(403, f"Forbidden: {what}")
        else:
            code = args.get("code", 400)
            raise Refusal(code, args.get("description", "Bad Request: refused"))


class BotApiStandin(Injector):
    """A strict Bot API server on loopback, for one bot.

    `async with BotApiStandin() as standin:` serves in the running loop; BotApiThread serves in a
    thread of its own. It refuses what Telegram refuses and remembers what it accepted.
    """

    def __init__(self, **state: Any) -> None:
        """Keep a new State, made from the given fields."""
        super().__init__(State(**state))
        self._server: HTTPServer | None = None
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

    async def stop(self) -> None:
        """Stop listening and close what is open."""
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
