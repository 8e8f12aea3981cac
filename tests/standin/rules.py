"""What Telegram refuses, decided from values alone."""

import json
from typing import Any
from urllib.parse import urlsplit

Params = dict[str, Any]

MAX_UNITS = 4096
MAX_RAW_BYTES = 32_768
MAX_ENTITIES = 100
MAX_CALLBACK_BYTES = 64

ENTITY_TYPES = frozenset(
    [
        "mention",
        "hashtag",
        "cashtag",
        "bot_command",
        "url",
        "email",
        "phone_number",
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
        "pre",
        "text_link",
        "text_mention",
        "custom_emoji",
    ]
)


class Refusal(Exception):
    """An answer with "ok": false."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        """Keep the error code, the sentence, and the machine-readable parameters."""
        super().__init__(code, description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad_request(what: str) -> Refusal:
    """A 400 as Telegram words it."""
    return Refusal(400, f"Bad Request: {what}")


def json_param(params: Params, name: str) -> Any:
    """A parameter that is JSON inside a form field, or a plain value inside a JSON body."""
    value = params.get(name)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise bad_request(f"can't parse {name}") from None


def int_param(params: Params, name: str, default: int | None = None) -> int:
    """A whole number, required unless there is a default."""
    value = params.get(name, default)
    try:
        return int(str(value))
    except ValueError:
        raise bad_request(f"{name} is missing or not a number") from None


def utf16_units(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


def checked_text(params: Params) -> str:
    """The text of a message, if Telegram would take it.

    Markup is refused: what we send is rendered to entities, so there is nothing to parse here.
    """
    if params.get("parse_mode"):
        raise bad_request("the stand-in takes entities, not parse_mode")
    text = str(params.get("text", ""))
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise bad_request("strings must be encoded in UTF-8") from None
    if not text:
        raise bad_request("message text is empty")
    if size > MAX_RAW_BYTES:
        raise bad_request("text is too long")
    if not text.strip():
        raise bad_request("text must be non-empty")
    if utf16_units(text) > MAX_UNITS:
        raise bad_request("message is too long")
    return text


def checked_entities(params: Params, text: str) -> list[dict[str, Any]]:
    """The entities of a message, if each of them fits the text."""
    entities = json_param(params, "entities") or []
    if not isinstance(entities, list):
        raise bad_request("can't parse entities: expected an Array")
    if len(entities) > MAX_ENTITIES:
        # Telegram drops the rest without a word, which would lose links: refused aloud here.
        raise bad_request(f"can't parse entities: more than {MAX_ENTITIES}")
    for entity in entities:
        _check_entity(entity, text)
    return entities


def _check_entity(entity: Any, text: str) -> None:
    if not isinstance(entity, dict) or entity.get("type") not in ENTITY_TYPES:
        raise bad_request("can't parse MessageEntity: unsupported type specified")
    offset, length = entity.get("offset"), entity.get("length")
    if type(offset) is not int or type(length) is not int:
        raise bad_request("can't parse MessageEntity: offset and length must be numbers")
    if offset < 0 or length <= 0 or offset + length > utf16_units(text):
        raise bad_request(f"entity at UTF-16 offset {offset} ends after the end of the text")
    units = text.encode("utf-16-le")
    for place, edge in (("begins", offset), ("ends", offset + length)):
        unit = units[2 * edge : 2 * edge + 2]
        if unit and 0xDC00 <= int.from_bytes(unit, "little") <= 0xDFFF:
            raise bad_request(f"entity {place} in a middle of a UTF-16 symbol")
    if entity["type"] == "text_link":
        _check_url(entity.get("url"))


def _check_url(url: object) -> None:
    if not isinstance(url, str) or not url:
        raise bad_request("can't parse MessageEntity: text_link without url")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise bad_request(f"entity URL '{url}' is invalid") from None
    if parts.scheme not in ("http", "https", "tg") or not parts.netloc:
        raise bad_request(f"entity URL '{url}' is invalid: unsupported URL protocol")


def checked_markup(params: Params) -> dict[str, Any] | None:
    """The buttons under a message, if Telegram would take them."""
    markup = json_param(params, "reply_markup")
    if markup is None:
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    for row in markup.get("inline_keyboard", []):
        for button in row:
            _check_button(button)
    return markup


def _check_button(button: dict[str, Any]) -> None:
    if not button.get("text"):
        raise bad_request("text buttons are unallowed in the inline keyboard")
    data = button.get("callback_data")
    if data is None and "url" not in button:
        raise bad_request("inline keyboard button has no action")
    if data is not None and not 1 <= len(data.encode()) <= MAX_CALLBACK_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
