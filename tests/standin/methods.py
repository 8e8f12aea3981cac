"""The methods of the Bot API that the stand-in knows: parameters in, `result` or Refusal out."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.standin.menus import delete_my_commands, get_my_commands, set_my_commands
from tests.standin.rules import (
    Params,
    Refusal,
    bad_request,
    checked_entities,
    checked_markup,
    checked_text,
    int_param,
    json_param,
)
from tests.standin.state import BOT_ID, BOT_USER, Chat, SentMessage, State
from tests.standin.webhook import delete_webhook, get_webhook_info, set_webhook

Method = Callable[[State, Params], Any]

_DELETABLE = timedelta(hours=48)

_ADMIN_RIGHTS = [
    "can_be_edited",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_edit_messages",
]


def get_me(state: State, params: Params) -> Any:
    """Who the bot is."""
    return {
        **BOT_USER,
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
    }


def send_message(state: State, params: Params) -> Any:
    """Post a text."""
    chat = state.chat_to_post_in(params.get("chat_id"))
    text = checked_text(params)
    entities, markup = checked_entities(params, text), checked_markup(params)
    message = state.record(chat, text, entities)
    message.link_preview_options = json_param(params, "link_preview_options")
    message.reply_markup = markup
    return state.message_json(message)


def send_document(state: State, params: Params) -> Any:
    """Post a file, uploaded in the same request."""
    chat = state.chat_to_post_in(params.get("chat_id"))
    document = params.get("document")
    if isinstance(document, str) and document.startswith("attach://"):
        document = params.get(document.removeprefix("attach://"))
    if not isinstance(document, tuple):
        raise bad_request("there is no document in the request")
    if not document[1]:
        raise bad_request("file must be non-empty")
    message = state.record(chat, str(params.get("caption", "")), [])
    message.document = document
    return state.message_json(message)


def send_chat_action(state: State, params: Params) -> Any:
    """Show "typing"."""
    state.chat(params.get("chat_id"))
    return True


def _own_message(state: State, params: Params) -> SentMessage:
    """The message to edit: a bot may change its own only."""
    chat = state.chat_to_post_in(params.get("chat_id"))
    number = int_param(params, "message_id")
    message = state.message(chat.id, number)
    if message is None:
        is_other = number in chat.others
        raise bad_request("message can't be edited" if is_other else "message to edit not found")
    return message


def edit_message_text(state: State, params: Params) -> Any:
    """Change a message; no change is an error, as on Telegram."""
    message = _own_message(state, params)
    text = checked_text(params)
    entities, markup = checked_entities(params, text), checked_markup(params)
    if (text, entities, markup) == (message.text, message.entities, message.reply_markup):
        raise bad_request("message is not modified")
    message.text, message.entities, message.reply_markup = text, entities, markup
    message.edits += 1
    return state.message_json(message)


def edit_message_reply_markup(state: State, params: Params) -> Any:
    """Change or take away the buttons."""
    message = _own_message(state, params)
    markup = checked_markup(params)
    if markup == message.reply_markup:
        raise bad_request("message is not modified")
    message.reply_markup = markup
    message.edits += 1
    return state.message_json(message)


def delete_message(state: State, params: Params) -> Any:
    """Take a message away.

    Its own of the last 48 hours; older ones, and those of others, where it may delete messages.
    In a private chat a bot may delete what its reader wrote, too.
    """
    chat = state.chat_to_post_in(params.get("chat_id"))
    number = int_param(params, "message_id")
    message = state.message(chat.id, number)
    may = chat.bot_status == "administrator" and chat.can_delete
    if message is not None:
        if not may and datetime.now(UTC) - message.at > _DELETABLE:
            raise bad_request("message can't be deleted for everyone")
        message.deleted = True
        return True
    if number not in chat.others:
        raise bad_request("message to delete not found")
    if not may and chat.type != "private":
        raise bad_request("message can't be deleted")
    chat.others.remove(number)
    return True


def answer_callback_query(state: State, params: Params) -> Any:
    """Answer the press of a button, once."""
    query_id = str(params.get("callback_query_id"))
    if query_id not in state.callback_ids:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    state.callback_ids.remove(query_id)
    state.answers.append(params)
    return True


def get_chat(state: State, params: Params) -> Any:
    """What a chat is."""
    gifts = "unlimited_gifts limited_gifts unique_gifts premium_subscription gifts_from_channels"
    return {
        **state.chat(params.get("chat_id")).as_json(),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts.split(), False),
    }


def get_chat_member(state: State, params: Params) -> Any:
    """What somebody, or the bot itself, is in a chat."""
    chat = state.chat(params.get("chat_id"))
    user_id = int_param(params, "user_id")
    if user_id == BOT_ID:
        return {"user": BOT_USER, **_membership(chat, chat.bot_status)}
    if user_id not in chat.members:
        raise bad_request("user not found")
    user = {"id": user_id, "is_bot": False, "first_name": f"User {user_id}"}
    return {"user": user, **_membership(chat, chat.members[user_id])}


def _membership(chat: Chat, status: str) -> dict[str, Any]:
    if status == "creator":
        return {"status": status, "is_anonymous": False}
    if status == "administrator":
        rights = dict.fromkeys(_ADMIN_RIGHTS, chat.can_post)
        rights["can_delete_messages"] = chat.can_delete
        post = {"can_post_messages": chat.can_post} if chat.type == "channel" else {}
        return {"status": status, "is_anonymous": False, **rights, **post}
    return {"status": status, **({"until_date": 0} if status == "kicked" else {})}


def get_file(state: State, params: Params) -> Any:
    """Where to download a document that was sent to the bot."""
    file_id = str(params.get("file_id"))
    if file_id not in state.files:
        raise bad_request("invalid file_id")
    return {
        "file_id": file_id,
        "file_unique_id": f"u{file_id}",
        "file_size": len(state.files[file_id]),
        "file_path": f"documents/{file_id}",
    }


async def get_updates(state: State, params: Params, gone: Callable[[], bool]) -> Any:
    """Wait for updates; asking from an offset on confirms those before it.

    Only one may wait: a second request ends the first, as on Telegram.
    """
    if state.webhook:
        raise Refusal(409, "Conflict: can't use getUpdates method while webhook is active")
    if params.get("allowed_updates") is not None:
        state.allowed_updates = json_param(params, "allowed_updates")
    offset, limit = int_param(params, "offset", 0), int_param(params, "limit", 100)
    state.confirm(offset)
    state.pollers += 1
    mine = state.pollers
    deadline = time.monotonic() + int_param(params, "timeout", 0)
    while not state.updates and time.monotonic() < deadline and not gone():
        # Looking again beats waking up: updates also come from the test's own thread.
        await asyncio.sleep(0.01)
        if state.webhook:
            raise Refusal(409, "Conflict: terminated by setWebhook request")
        if state.pollers != mine:
            raise Refusal(
                409,
                "Conflict: terminated by other getUpdates request; "
                "make sure that only one bot instance is running",
            )
    return state.updates[:limit]


# Telegram does not care for the case of a method's name.
METHODS: dict[str, Method] = {
    "getme": get_me,
    "setmycommands": set_my_commands,
    "getmycommands": get_my_commands,
    "deletemycommands": delete_my_commands,
    "setwebhook": set_webhook,
    "deletewebhook": delete_webhook,
    "getwebhookinfo": get_webhook_info,
    "sendmessage": send_message,
    "senddocument": send_document,
    "sendchataction": send_chat_action,
    "editmessagetext": edit_message_text,
    "editmessagereplymarkup": edit_message_reply_markup,
    "deletemessage": delete_message,
    "answercallbackquery": answer_callback_query,
    "getchat": get_chat,
    "getchatmember": get_chat_member,
    "getfile": get_file,
}
