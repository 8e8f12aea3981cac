"""What a test does to the stand-in: make chats, send updates, plan faults, wait."""

import asyncio
import itertools
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.standin.menus import key_of
from tests.standin.methods import METHODS
from tests.standin.rules import utf16_units
from tests.standin.state import (
    BOT_USER,
    FAULT_KINDS,
    Call,
    Chat,
    Exchange,
    Fault,
    SentMessage,
    State,
    Watcher,
    document_json,
)
from tests.standin.storm import Arguments, Storm

_COMMAND = re.compile(r"(?<!\S)/[A-Za-z0-9_]{1,32}(@\w+)?")
# Telegram's stand-in sender for admins who write in the group's name.
_ANONYMOUS_ADMIN = {"id": 1087968824, "is_bot": True, "first_name": "Group"}


class Injector:
    """The test's side of the stand-in; every method may be called from any thread."""

    def __init__(self, state: State) -> None:
        """Act on this state."""
        self.state = state
        self._files = itertools.count(1)

    @property
    def token(self) -> str:
        """The only token that is accepted."""
        return self.state.token

    @property
    def sent(self) -> list[SentMessage]:
        """Every accepted message, in order."""
        return self.state.sent

    @property
    def calls(self) -> list[Call]:
        """Every request with the right token, refused and failed ones too, in order."""
        return self.state.calls

    @property
    def answers(self) -> list[dict[str, Any]]:
        """What answerCallbackQuery said."""
        return self.state.answers

    @property
    def pending_updates(self) -> list[dict[str, Any]]:
        """Updates that are not confirmed yet."""
        return self.state.updates

    def texts(self, chat_id: int) -> list[str]:
        """The texts that readers of one chat see now."""
        return [m.text for m in list(self.sent) if m.chat_id == chat_id and not m.deleted]

    # --- chats ---

    def add_chat(self, chat_id: int, chat_type: str = "channel", **fields: Any) -> Chat:
        """A chat that exists; fields of Chat say its name and what the bot may do there."""
        chat = Chat(chat_id, chat_type, **fields)
        self.state.chats[chat_id] = chat
        return chat

    def limit(self, per_second: int | None = None, per_minute: int | None = None) -> None:
        """Refuse more posts a chat than this with 429; None is no limit."""
        pairs = ((per_second, 1.0), (per_minute, 60.0))
        self.state.limits = [(count, seconds) for count, seconds in pairs if count is not None]

    def others_message(self, chat_id: int) -> int:
        """Somebody else's message takes the chat's next id, unseen by the bot; its id."""
        chat = self.state.chats[chat_id]
        number = next(chat.message_ids)
        chat.others.add(number)
        return number

    def menu(self, language: str = "", **scope: Any) -> list[dict[str, Any]]:
        """The commands of exactly this scope (type=, chat_id=, user_id=) and language."""
        return self.state.menus.get(key_of(self.state, scope or None, language), [])

    # --- faults ---

    def fault(
        self,
        method: str,
        kind: str,
        times: int = 1,
        *,
        chat_id: int | None = None,
        **args: Any,
    ) -> None:
        """Let the next `times` calls of a method ("*": any) fail, in one chat or in all.

        Nothing recorded: retry_after(seconds=1), too_many (429 that names no wait),
        server_error(status=502), drop_before, not_ok (200 with ok:false), migrate(to=,
        moves=False; True is for ever, as on Telegram), forbidden(description=),
        refuse(code=400, description=).
        Recorded all the same: error_after(status=502), drop_after, truncated, bad_json,
        slow(seconds=1), and late(seconds=1), which is recorded only when they have passed.
        """
        _check_fault(method, kind, args)
        with self.state.lock:
            self.state.faults.append(Fault(method.lower(), kind, times, chat_id, args))

    def storm(
        self,
        method: str,
        seed: int,
        kinds: Mapping[str, float],
        arguments: Mapping[str, tuple[Arguments, ...]] | None = None,
        left: int | None = None,
        chat_id: int | None = None,
    ) -> Storm:
        """Let calls of a method fail at random points, after the faults that were planned.

        `kinds`: the share of calls by kind; `arguments`: by kind, those to choose from; `left`:
        how many calls may fail; `chat_id`: in that chat only. The same seed and order of calls:
        the same faults.
        """
        arguments = arguments or {}
        for kind in kinds:
            for args in arguments.get(kind, ({},)):
                _check_fault(method, kind, args)
        storm = Storm(method.lower(), seed, kinds, arguments, left, chat_id)
        with self.state.lock:
            self.state.storms.append(storm)
        return storm

    def calm(self) -> None:
        """No more faults."""
        with self.state.lock:
            self.state.storms.clear()
            self.state.faults.clear()

    def watch(self, watcher: Watcher) -> None:
        """Have a function called in the server's thread: "asked", "recorded", "answered"."""
        self.state.watchers.append(watcher)

    def sends(self) -> list[Exchange]:
        """What became of each sendMessage: asked, recorded, answered; in order."""
        return [e for e in list(self.state.log) if e.method.lower() == "sendmessage"]

    @property
    def is_quiet(self) -> bool:
        """Whether no call but a waiting getUpdates is under way."""
        return all(e.is_over or e.method.lower() == "getupdates" for e in list(self.state.log))

    # --- updates ---

    def message(
        self,
        user_id: int,
        text: str,
        chat_id: int | None = None,
        chat_type: str = "private",
        *,
        edited: bool = False,
        anonymous: bool = False,
        **extra: Any,
    ) -> int:
        """Somebody writes; gives the update's id. `extra` is added to the Message as it is."""
        content = self._message(user_id, chat_id, chat_type, anonymous)
        entities = [
            {
                "type": "bot_command",
                "offset": utf16_units(text[: found.start()]),
                "length": len(found.group()),
            }
            for found in _COMMAND.finditer(text)
        ]
        content |= {"text": text, **({"entities": entities} if entities else {}), **extra}
        kind = "channel_post" if chat_type == "channel" else "message"
        if edited:
            content["edit_date"] = content["date"]
        return self.state.queue_update(f"edited_{kind}" if edited else kind, content)

    def document(
        self, user_id: int, name: str, data: bytes, chat_id: int | None = None, caption: str = ""
    ) -> int:
        """Somebody sends a file, which getFile and a download then give; the update's id."""
        file_id = f"file{next(self._files)}"
        self.state.files[file_id] = data
        content = self._message(user_id, chat_id, "private", anonymous=False)
        content["document"] = document_json(file_id, name, data)
        if caption:
            content["caption"] = caption
        return self.state.queue_update("message", content)

    def callback(
        self,
        user_id: int,
        data: str,
        message_id: int | None = None,
        chat_id: int | None = None,
    ) -> str:
        """Somebody presses a button under a message of the bot; gives the query's id."""
        chat = self._chat(chat_id or user_id, "private", user_id)
        message = self.state.message(chat.id, message_id) if message_id else None
        if message is None:
            now = int(datetime.now(UTC).timestamp())
            number = message_id or self.others_message(chat.id)
            shown = {"message_id": number, "date": now, "chat": chat.as_json(), "from": BOT_USER}
            shown["text"] = "…"
        else:
            shown = self.state.message_json(message)
        query_id = self.state.next_query_id()
        query = {"id": query_id, "from": _user(user_id), "chat_instance": "1", "data": data}
        self.state.queue_update("callback_query", {**query, "message": shown})
        return query_id

    def update(self, kind: str, content: dict[str, Any]) -> int:
        """Any other update, as it is."""
        return self.state.queue_update(kind, content)

    def _message(
        self, user_id: int, chat_id: int | None, chat_type: str, anonymous: bool
    ) -> dict[str, Any]:
        chat = self._chat(chat_id or user_id, chat_type, user_id)
        content: dict[str, Any] = {
            "message_id": self.others_message(chat.id),
            "date": int(datetime.now(UTC).timestamp()),
            "chat": chat.as_json(),
        }
        if chat_type == "channel" or anonymous:
            content["sender_chat"] = chat.as_json()
        if chat_type != "channel":
            content["from"] = _ANONYMOUS_ADMIN if anonymous else _user(user_id)
        return content

    def _chat(self, chat_id: int, chat_type: str, user_id: int) -> Chat:
        """The chat, made on first sight: whoever writes to the bot can be written to."""
        chat = self.state.chats.get(chat_id)
        if chat is None:
            status = "administrator" if chat_type == "channel" else "member"
            chat = self.add_chat(chat_id, chat_type, bot_status=status)
        chat.members.setdefault(user_id, "member")
        return chat

    # --- waiting ---

    def wait(self, condition: Callable[[], bool], timeout: float = 10) -> None:
        """Block until a condition holds (with BotApiThread); AssertionError when it never does."""
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, f"not within {timeout} s; sent: {self.sent}"
            time.sleep(0.01)

    async def until(self, condition: Callable[[], bool], timeout: float = 10) -> None:
        """The same without blocking the loop."""
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, f"not within {timeout} s; sent: {self.sent}"
            await asyncio.sleep(0.01)


def _check_fault(method: str, kind: str, args: Arguments) -> None:
    if method.lower() not in {*METHODS, "getupdates", "*"}:
        raise ValueError(f"unknown method {method!r}")
    if kind not in FAULT_KINDS or not args.keys() <= FAULT_KINDS[kind]:
        raise ValueError(f"unknown fault {kind!r} with {args}: one of {FAULT_KINDS}")
    if kind == "migrate" and "to" not in args:
        raise ValueError("migrate needs to=<new chat id>")


def _user(user_id: int) -> dict[str, Any]:
    return {"id": user_id, "is_bot": False, "first_name": f"User {user_id}", "language_code": "en"}
