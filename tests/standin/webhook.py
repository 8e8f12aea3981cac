"""Updates that are brought to the bot's own address instead of waiting for getUpdates."""

import asyncio
import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from tests.standin.rules import Params, bad_request, json_param
from tests.standin.state import Posted, State

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_FIRST_WAIT, _LONGEST_WAIT = 0.05, 1.0  # seconds before an update that was refused comes again
_TIMEOUT = 10.0


def set_webhook(state: State, params: Params) -> Any:
    """Updates are POSTed to this address from now on. An empty address ends that.

    Telegram wants HTTPS; the stand-in takes plain HTTP, and that on loopback only.
    """
    url = str(params.get("url") or "")
    if not url:
        return delete_webhook(state, params)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or parts.hostname not in ("127.0.0.1", "localhost"):
        raise bad_request("bad webhook: the stand-in posts to loopback only")
    secret = params.get("secret_token")
    if secret and not _SECRET.fullmatch(str(secret)):
        raise bad_request("secret token contains unallowed characters")
    if params.get("allowed_updates") is not None:
        state.allowed_updates = json_param(params, "allowed_updates")
    _drop_pending(state, params)
    state.webhook = dict(params)
    state.webhook_error = None
    return True


def delete_webhook(state: State, params: Params) -> Any:
    """Back to long polling."""
    state.webhook = {}
    state.webhook_error = None
    _drop_pending(state, params)
    return True


def _drop_pending(state: State, params: Params) -> None:
    if str(params.get("drop_pending_updates", "")).lower() == "true":
        with state.lock:
            state.updates = []


def get_webhook_info(state: State, params: Params) -> Any:
    """Where updates go, and what went wrong last."""
    info: dict[str, Any] = {
        "url": state.webhook.get("url", ""),
        "has_custom_certificate": False,
        "pending_update_count": len(state.updates),
    }
    if state.webhook_error is not None:
        at, why = state.webhook_error
        info |= {"last_error_date": int(at.timestamp()), "last_error_message": why}
    if state.webhook and state.allowed_updates:
        info["allowed_updates"] = state.allowed_updates
    return info


async def post_updates(state: State) -> None:
    """Bring one update after another to the webhook, for ever.

    One that is not answered with 2xx comes again, after a pause that grows, and holds back those
    behind it, as Telegram keeps the order of a chat.
    """
    client = AsyncHTTPClient(force_instance=True)
    wait = _FIRST_WAIT
    try:
        while True:
            hook, waiting = state.webhook, state.updates[:1]
            if not hook or not waiting:
                await asyncio.sleep(0.01)
                continue
            status = await _post(client, hook, waiting[0])
            state.posted.append(Posted(waiting[0]["update_id"], status, datetime.now(UTC)))
            if 200 <= status < 300:
                with state.lock:
                    number = waiting[0]["update_id"]
                    state.updates = [u for u in state.updates if u["update_id"] != number]
                wait = _FIRST_WAIT
                continue
            state.webhook_error = (datetime.now(UTC), _reason(status))
            await asyncio.sleep(wait)
            wait = min(_LONGEST_WAIT, 2 * wait)
    finally:
        client.close()


def _reason(status: int) -> str:
    return f"Wrong response from the webhook: {status}" if status else "Connection failed"


async def _post(client: AsyncHTTPClient, hook: Params, update: dict[str, Any]) -> int:
    """The status of the answer; 0 when there was none."""
    headers = {"Content-Type": "application/json"}
    if secret := hook.get("secret_token"):
        headers[SECRET_HEADER] = str(secret)
    request = HTTPRequest(
        str(hook["url"]), "POST", headers, json.dumps(update), request_timeout=_TIMEOUT,
        follow_redirects=False,
    )  # fmt: skip
    try:
        answer = await client.fetch(request, raise_error=False)
    except (OSError, ValueError):
        return 0
    return 0 if answer.code == 599 else answer.code
