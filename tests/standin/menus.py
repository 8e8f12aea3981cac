"""The lists of commands that Telegram shows, by scope and language."""

import json
import re
from typing import Any

from tests.standin.rules import Params, bad_request, int_param, json_param
from tests.standin.state import State

MAX_COMMANDS = 100
MAX_DESCRIPTION = 256
_NAME = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"[a-z]{2}")
# What each kind of scope has to name besides its type.
_SCOPES: dict[str, tuple[str, ...]] = {
    "default": (),
    "all_private_chats": (),
    "all_group_chats": (),
    "all_chat_administrators": (),
    "chat": ("chat_id",),
    "chat_administrators": ("chat_id",),
    "chat_member": ("chat_id", "user_id"),
}

Key = tuple[str, str]  # the scope as JSON with sorted keys, the language or ""


def key_of(state: State, scope: object, language: object) -> Key:
    """Under what a list is kept; refused when Telegram would not know the scope or language."""
    scope = {"type": "default"} if scope is None else scope
    kind = scope.get("type") if isinstance(scope, dict) else None
    if not isinstance(scope, dict) or kind not in _SCOPES:
        raise bad_request("can't parse BotCommandScope: unsupported type specified")
    named: dict[str, Any] = {"type": kind}
    for name in _SCOPES[str(kind)]:
        if name == "chat_id":
            named[name] = state.chat(scope.get(name)).id
        else:
            named[name] = int_param(scope, name)
    language = "" if language is None else str(language)
    if language and not _LANGUAGE.fullmatch(language):
        raise bad_request("invalid language code specified")
    return json.dumps(named, sort_keys=True), language


def _key(state: State, params: Params) -> Key:
    return key_of(state, json_param(params, "scope"), params.get("language_code"))


def _checked(commands: object) -> list[dict[str, Any]]:
    if not isinstance(commands, list):
        raise bad_request("can't parse commands: expected an Array")
    if len(commands) > MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not isinstance(command, dict):
            raise bad_request("can't parse BotCommand: expected an Object")
        if not _NAME.fullmatch(str(command.get("command", "")).removeprefix("/")):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(str(command.get("description", ""))) <= MAX_DESCRIPTION:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return commands


def set_my_commands(state: State, params: Params) -> Any:
    """Keep a list; an empty one is the same as deleting it."""
    key, commands = _key(state, params), _checked(json_param(params, "commands"))
    if commands:
        state.menus[key] = commands
    else:
        state.menus.pop(key, None)
    return True


def get_my_commands(state: State, params: Params) -> Any:
    """The list of exactly this scope and language; empty when none was set."""
    return state.menus.get(_key(state, params), [])


def delete_my_commands(state: State, params: Params) -> Any:
    """Forget a list: the next wider scope counts again."""
    state.menus.pop(_key(state, params), None)
    return True
