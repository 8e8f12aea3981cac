"""Updates brought by Telegram: only with the secret, each once, menus set beside."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from bot import updates
from bot.app import Program, open_database, program
from bot.menus import Menu
from bot.updates import Updates
from bot.web import HealthPage
from config.settings import SettingsInvalid, load
from tests.integration.test_feed_commands import ADMIN, KNOWLEDGE
from tests.journey.harness import environment, inline, logging_as_it_was
from tests.standin import BotApiStandin
from watchers.ports import Store

FORMER = 55  # an admin no more
SECRET = "a-secret-of-the-right-length"
HEADER = "X-Telegram-Bot-Api-Secret-Token"


@dataclass
class Hooked:
    """A bot that listens for its webhook."""

    telegram: BotApiStandin
    parts: Program
    updates: Updates
    url: str

    async def post(self, body: bytes, **headers: str) -> httpx.Response:
        """As Telegram would."""
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.post(self.url, content=body, headers=headers)

    async def say(self, text: str, update_id: int = 1) -> httpx.Response:
        """An admin writes."""
        return await self.post(json.dumps(_update(text, update_id)).encode(), **{HEADER: SECRET})


def _update(text: str, update_id: int) -> dict[str, Any]:
    person = {"id": ADMIN, "is_bot": False, "first_name": "A"}
    return {
        "update_id": update_id,
        "message": {
            "message_id": update_id,
            "date": 1_795_000_000,
            "chat": {"id": ADMIN, "type": "private", "first_name": "A"},
            "from": person,
            "text": text,
            "entities": [
                {"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}
            ],
        },
    }


def _dated(seconds: int) -> bytes:
    update = _update("/status", 1)
    update["message"]["date"] = seconds
    return json.dumps(update).encode()


@pytest.fixture
async def hooked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hooked]:
    """Connected, with its page at some port."""
    inline(monkeypatch)
    with logging_as_it_was():
        async with BotApiStandin() as telegram:
            telegram.add_chat(ADMIN, "private", bot_status="member")
            with closing(socket.create_server(("127.0.0.1", 0))) as free:
                url = f"http://127.0.0.1:{free.getsockname()[1]}/hook/telegram"
            values = environment(tmp_path) | {
                "DADKHAH_ADMINS": str(ADMIN),
                "DADKHAH_TELEGRAM_API_URL": telegram.api_url,
                "DADKHAH_TELEGRAM_TOKEN": telegram.token,
                "DADKHAH_WEBHOOK_URL": url,
                "DADKHAH_WEBHOOK_SECRET": SECRET,
            }
            for name, value in values.items():
                monkeypatch.setenv(name, value)
            settings = load(folder=tmp_path)
            async with program(settings, open_database(settings), KNOWLEDGE) as parts:
                updates = Updates(parts)
                page = HealthPage(lambda: {"ok": True}, lambda: {"ok": True}, updates.hook)
                page.listen(urlsplit(url).netloc)
                await updates.keep_going()
                yield Hooked(telegram, parts, updates, url)
                await updates.stop()
                await page.stop()


async def test_an_update_is_taken_once_and_answered(hooked: Hooked) -> None:
    webhook = hooked.telegram.state.webhook
    assert webhook["url"] == hooked.url
    assert webhook["secret_token"] == SECRET
    assert not hooked.telegram.state.pollers
    said = await hooked.say("/status")
    assert (said.status_code, said.json()) == (200, {"ok": True})
    await hooked.telegram.until(lambda: bool(hooked.telegram.sent))
    assert "Feeds: 1" in hooked.telegram.sent[0].text


async def test_telegram_itself_brings_updates(hooked: Hooked) -> None:
    hooked.telegram.message(ADMIN, "/feeds")
    await hooked.telegram.until(lambda: bool(hooked.telegram.sent))
    assert hooked.telegram.sent[0].text.startswith("1 feed")
    await hooked.telegram.until(lambda: not hooked.telegram.pending_updates)


@pytest.mark.parametrize(
    "headers",
    [{}, {HEADER: "wrong"}, {HEADER: SECRET + "x"}, {HEADER: ""}],
    ids=["none", "wrong", "longer", "empty"],
)
async def test_without_the_secret_nobody_gives_orders(
    hooked: Hooked, headers: dict[str, str]
) -> None:
    said = await hooked.post(json.dumps(_update("/status", 1)).encode(), **headers)
    assert said.status_code == 403
    await asyncio.sleep(0.1)
    assert not hooked.telegram.sent


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{",
        b'{"update_id": "x", "message": 3}',
        b"null",
        b"{}",
        b"[" * 200_000,
        _dated(10**30),
        _dated(10**15),
    ],
    ids=["empty", "bytes", "list", "cut", "shapes", "null", "bare", "deep", "no-date", "far-date"],
)
async def test_what_is_no_update_is_not_brought_again(hooked: Hooked, body: bytes) -> None:
    said = await hooked.post(body, **{HEADER: SECRET})
    assert said.status_code == 200
    assert said.json()["ok"] is False
    assert (await hooked.say("/status", 2)).json()["ok"] is True  # and it goes on


async def test_an_update_that_nobody_takes_now_is_brought_again(hooked: Hooked) -> None:
    await hooked.updates.stop()
    assert (await hooked.say("/status")).status_code == 503
    await hooked.updates.keep_going()
    assert (await hooked.say("/status")).status_code == 200


async def test_menus_are_set_once_by_scope_and_language(hooked: Hooked) -> None:
    await hooked.updates.keep_going()
    calls = [call for call in hooked.telegram.calls if call.method.lower() == "setmycommands"]
    asked = [(json.loads(c.params["scope"])["type"], c.params.get("language_code")) for c in calls]
    assert asked == [
        ("all_private_chats", None), ("all_private_chats", "fa"), ("all_private_chats", "fr"),
        ("chat", None),
    ]  # fmt: skip
    names = [one["command"] for one in json.loads(calls[0].params["commands"])]
    assert "addfeed" not in names
    await hooked.updates.keep_going()
    again = [call for call in hooked.telegram.calls if call.method.lower() == "setmycommands"]
    assert len(again) == len(calls)


async def test_the_menu_of_an_admin_no_more_goes_even_if_telegram_is_out_of_reach_first(
    hooked: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unset(_: object, menu: Menu) -> bool:
        return menu.chat_id != FORMER

    def now(store: Store) -> str | None:
        return store.value("menus")

    hooked.telegram.add_chat(FORMER, "private", bot_status="member")
    await hooked.parts.database(lambda store: store.set_value("menus", f"- {ADMIN} {FORMER}"))
    with monkeypatch.context() as broken:
        broken.setattr(updates, "_set_menu", unset)
        hooked.updates._menus = ""
        await hooked.updates._set_menus()
    assert await hooked.parts.database(now) == f"- {ADMIN} {FORMER}"
    hooked.updates._menus = ""  # the next start
    await hooked.updates._set_menus()
    gone = [call for call in hooked.telegram.calls if call.method.lower() == "deletemycommands"]
    assert [json.loads(call.params["scope"])["chat_id"] for call in gone] == [FORMER]
    assert str(await hooked.parts.database(now)).endswith(f" {ADMIN}")


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"WEBHOOK_URL": "https://bot.example/x"}, "DADKHAH_WEBHOOK_SECRET: is needed"),
        ({"WEBHOOK_URL": "https://bot.example/"}, "DADKHAH_WEBHOOK_URL: 'https://bot.example/'"),
        ({"WEBHOOK_URL": "bot.example/x"}, "DADKHAH_WEBHOOK_URL: 'bot.example/x'"),
        ({"WEBHOOK_SECRET": "short"}, "DADKHAH_WEBHOOK_SECRET: write 16 to 256"),
        (
            {"WEBHOOK_URL": "https://b.example/x", "WEBHOOK_SECRET": SECRET, "HTTP_LISTEN": ""},
            "DADKHAH_HTTP_LISTEN: is needed",
        ),
    ],
    ids=["no-secret", "no-path", "no-scheme", "short-secret", "no-port"],
)
def test_settings_that_cannot_work_are_told(
    values: dict[str, str], problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"DADKHAH_{name}", value)
    with pytest.raises(SettingsInvalid) as caught:
        load(folder=Path("/nonexistent"))
    assert problem in str(caught.value)
    assert SECRET not in str(caught.value)
