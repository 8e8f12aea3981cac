"""Everything the stand-in knows: chats, messages, updates, faults. No HTTP here."""

import itertools
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.standin.rules import Params, Refusal, bad_request
from tests.standin.storm import Storm

BOT_ID = 110201543
BOT_USERNAME = "dadkhah_test_bot"
TOKEN = f"{BOT_ID}:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"

BOT_USER = {"id": BOT_ID, "is_bot": True, "first_name": "Dadkhah", "username": BOT_USERNAME}

# What may go wrong, and the arguments that say how.
FAULT_KINDS: dict[str, frozenset[str]] = {
    "retry_after": frozenset({"seconds"}),
    "too_many": frozenset(),
    "server_error": frozenset({"status"}),
    "drop_before": frozenset(),
    "not_ok": frozenset(),
    "migrate": frozenset({"to", "moves"}),
    "forbidden": frozenset({"description"}),
    "refuse": frozenset({"code", "description"}),
    "error_after": frozenset({"status"}),
    "drop_after": frozenset(),
    "truncated": frozenset(),
    "bad_json": frozenset(),
    "slow": frozenset({"seconds"}),
    "late": frozenset({"seconds"}),
}
RECORDED = frozenset({"error_after", "drop_after", "truncated", "bad_json", "slow", "late"})
"""The faults of calls that are carried out all the same."""
AMBIGUOUS = RECORDED | {"server_error", "drop_before"}
"""The faults after which nobody but Telegram knows whether a call was carried out."""
# Telegram sends these only to bots that ask for them by name.
_ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


@dataclass
class Chat:
    """A chat as the bot finds it; tests change its fields at will."""

    id: int
    type: str
    title: str = ""
    username: str | None = None
    bot_status: str = "administrator"
    can_post: bool = True
    can_delete: bool = True  # messages of others, and its own that are older than two days
    migrated_to: int | None = None
    members: dict[int, str] = field(default_factory=dict)
    others: set[int] = field(default_factory=set)  # ids of messages that are not the bot's
    message_ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def as_json(self) -> dict[str, Any]:
        """The Bot API's Chat."""
        name = "first_name" if self.type == "private" else "title"
        username = {"username": self.username} if self.username else {}
        return {"id": self.id, "type": self.type, name: self.title or str(self.id), **username}


@dataclass
class SentMessage:
    """A message that the stand-in accepted and, unless deleted, subscribers see."""

    chat_id: int
    id: int
    text: str
    entities: list[dict[str, Any]]
    at: datetime
    link_preview_options: dict[str, Any] | None = None
    reply_markup: dict[str, Any] | None = None
    document: tuple[str, bytes] | None = None
    edits: int = 0
    deleted: bool = False


@dataclass(frozen=True)
class Call:
    """A request as it came, whatever became of it."""

    method: str
    params: Params
    at: datetime


@dataclass
class Exchange:
    """What became of a call: asked, carried out or not, answered."""

    method: str
    params: Params
    at: datetime
    began: float  # monotonic seconds
    fault: str | None = None
    recorded: SentMessage | None = None  # the message that a send made
    status: int | None = None  # of the answer; None: the connection was cut, or nobody waited
    retry_after: int | None = None  # seconds, that a 429 named
    ended: float | None = None  # monotonic seconds; None: still under way

    @property
    def is_over(self) -> bool:
        """Whether it was answered or cut."""
        return self.ended is not None


@dataclass(frozen=True)
class Posted:
    """An update that was brought to the webhook; status 0 is no answer."""

    update_id: int
    status: int
    at: datetime


@dataclass
class Fault:
    """Something that will go wrong, `times` times."""

    method: str
    kind: str
    times: int
    chat_id: int | None
    args: dict[str, Any]


# Told of each stage of a call: "asked", "recorded", "answered".
Watcher = Callable[[str, Exchange], None]


@dataclass
class State:
    """The stand-in's memory; may be read and written from a test while the server's thread runs."""

    token: str = TOKEN
    chats: dict[int, Chat] = field(default_factory=dict)
    sent: list[SentMessage] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    answers: list[Params] = field(default_factory=list)
    log: list[Exchange] = field(default_factory=list)
    menus: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    webhook: Params = field(default_factory=dict)
    webhook_error: tuple[datetime, str] | None = None
    posted: list[Posted] = field(default_factory=list)
    callback_ids: set[str] = field(default_factory=set)
    files: dict[str, bytes] = field(default_factory=dict)
    updates: list[dict[str, Any]] = field(default_factory=list)
    allowed_updates: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    storms: list[Storm] = field(default_factory=list)
    watchers: list[Watcher] = field(default_factory=list)
    limits: list[tuple[int, float]] = field(default_factory=list)
    pollers: int = 0

    @property
    def commands(self) -> list[dict[str, Any]]:
        """The menu of the default scope without a language."""
        return self.menus.get(('{"type": "default"}', ""), [])

    def __post_init__(self) -> None:
        """Make what is not data."""
        self.lock = threading.RLock()
        self._update_ids = itertools.count(1000)
        self._query_ids = itertools.count(1)
        self._posted: dict[int, deque[float]] = {}
        self._by_id: dict[tuple[int, int], SentMessage] = {}

    # --- chats ---

    def chat(self, reference: object) -> Chat:
        """The chat of a `chat_id` parameter: a number or @name."""
        wanted = str(reference)
        if wanted.removeprefix("-").isdecimal():
            found = self.chats.get(int(wanted))
            if found is not None:
                return found
        elif wanted.startswith("@"):
            for chat in list(self.chats.values()):
                if chat.username and wanted.lower() == f"@{chat.username}".lower():
                    return chat
        raise bad_request("chat not found")

    def chat_to_post_in(self, reference: object) -> Chat:
        """The same, if the bot may write there now."""
        chat = self.chat(reference)
        if chat.migrated_to is not None:
            raise migrated(chat.migrated_to)
        kind = f"{chat.type} chat"
        if chat.bot_status in ("left", "kicked"):
            if chat.type == "private":
                raise Refusal(403, "Forbidden: bot was blocked by the user")
            if chat.bot_status == "kicked":
                raise Refusal(403, f"Forbidden: bot was kicked from the {kind}")
            raise Refusal(403, f"Forbidden: bot is not a member of the {kind}")
        if not chat.can_post or (chat.type == "channel" and chat.bot_status != "administrator"):
            raise bad_request(f"need administrator rights in the {kind}")
        self._spend(chat.id)
        return chat

    def _spend(self, chat_id: int) -> None:
        """Count one post against the rate limits, or refuse it and say how long to wait."""
        now = time.monotonic()
        posted = self._posted.setdefault(chat_id, deque())
        for count, seconds in self.limits:
            recent = [at for at in posted if now - at < seconds]
            if len(recent) >= count:
                wait = max(1, math.ceil(seconds - (now - recent[-count])))
                raise too_many_requests(wait)
        posted.append(now)

    # --- messages ---

    def record(self, chat: Chat, text: str, entities: list[dict[str, Any]]) -> SentMessage:
        """Keep an accepted message under the chat's next number."""
        message = SentMessage(chat.id, next(chat.message_ids), text, entities, datetime.now(UTC))
        with self.lock:
            self.sent.append(message)
            self._by_id[message.chat_id, message.id] = message
        return message

    def message(self, chat_id: int, message_id: int) -> SentMessage | None:
        """A message of ours that is still there."""
        message = self._by_id.get((chat_id, message_id))
        return None if message is None or message.deleted else message

    def message_json(self, message: SentMessage) -> dict[str, Any]:
        """The Bot API's Message."""
        chat = self.chats[message.chat_id].as_json()
        sender = {"sender_chat": chat} if chat["type"] == "channel" else {"from": BOT_USER}
        answer = {
            "message_id": message.id,
            "date": int(message.at.timestamp()),
            "chat": chat,
            **sender,
            "text": message.text,
        }
        if message.edits:
            answer["edit_date"] = int(datetime.now(UTC).timestamp())
        if message.document:
            name, data = message.document
            del answer["text"]
            answer["document"] = document_json(f"sent{message.id}", name, data)
        for name in ("entities", "link_preview_options", "reply_markup"):
            if value := getattr(message, name):
                answer[name] = value
        return answer

    # --- updates ---

    def queue_update(self, kind: str, content: dict[str, Any]) -> int:
        """Put an update in the queue of getUpdates; 0 when the bot did not ask for this kind."""
        wanted = self.allowed_updates
        if (kind not in wanted) if wanted else (kind in _ON_REQUEST):
            return 0
        with self.lock:
            update_id = next(self._update_ids)
            self.updates.append({"update_id": update_id, kind: content})
        return update_id

    def confirm(self, offset: int) -> None:
        """Forget the updates before an offset; a negative one keeps that many from the end."""
        with self.lock:
            if offset < 0:
                self.updates = self.updates[offset:]
            else:
                self.updates = [u for u in self.updates if u["update_id"] >= offset]

    def next_query_id(self) -> str:
        """A callback query that may be answered once."""
        query_id = f"query{next(self._query_ids)}"
        self.callback_ids.add(query_id)
        return query_id

    # --- faults ---

    def take_fault(self, method: str, params: Params) -> Fault | None:
        """The first fault that is due for this call, used up by one."""
        with self.lock:
            for fault in self.faults:
                here = fault.chat_id is None or str(fault.chat_id) == str(params.get("chat_id"))
                if here and fault.method in (method.lower(), "*"):
                    fault.times -= 1
                    if not fault.times:
                        self.faults.remove(fault)
                    return fault
            for storm in self.storms:
                if struck := storm.strike(method, params):
                    return Fault(method.lower(), struck[0], 1, None, struck[1])
        return None

    # --- the log ---

    def begin(self, method: str, params: Params) -> Exchange:
        """A call came."""
        exchange = Exchange(method, params, datetime.now(UTC), time.monotonic())
        self.log.append(exchange)
        self.tell("asked", exchange)
        return exchange

    def end(self, exchange: Exchange, status: int | None) -> None:
        """It was answered with this status, or cut (None)."""
        exchange.status, exchange.ended = status, time.monotonic()
        self.tell("answered", exchange)

    def tell(self, stage: str, exchange: Exchange) -> None:
        """Let those who watch know."""
        for watcher in list(self.watchers):
            watcher(stage, exchange)


def migrated(to: int) -> Refusal:
    """What a group that became a supergroup answers for ever."""
    what = "Bad Request: group chat was upgraded to a supergroup chat"
    return Refusal(400, what, migrate_to_chat_id=to)


def too_many_requests(seconds: int) -> Refusal:
    """A 429 as Telegram words it."""
    what = f"Too Many Requests: retry after {seconds}"
    return Refusal(429, what, retry_after=seconds)


def document_json(file_id: str, name: str, data: bytes) -> dict[str, Any]:
    """The Bot API's Document."""
    return {
        "file_id": file_id,
        "file_unique_id": f"u{file_id}",
        "file_name": name,
        "file_size": len(data),
    }
