"""What Telegram's own library says of a text, offline and without an account.

It judges, exactly as Telegram's servers and the Bot API program do, because it is their code:
HTML (`parse_html`), the place of every entity (inside the text, not within a surrogate pair), the
address of a text link, and which characters Telegram drops from a text (`kept`).

It cannot judge: lengths (4096 units, 100 entities), an empty or blank message, who may post where,
rate limits, buttons, or whether a link preview appears. Those are the stand-in's own rules.
"""

import functools
import json
from typing import Any

import tdjson

_TYPES = {
    "mention": "Mention",
    "hashtag": "Hashtag",
    "cashtag": "Cashtag",
    "bot_command": "BotCommand",
    "url": "Url",
    "email": "EmailAddress",
    "phone_number": "PhoneNumber",
    "bold": "Bold",
    "italic": "Italic",
    "underline": "Underline",
    "strikethrough": "Strikethrough",
    "spoiler": "Spoiler",
    "blockquote": "BlockQuote",
    "expandable_blockquote": "ExpandableBlockQuote",
    "code": "Code",
    "pre": "Pre",
    "text_link": "TextUrl",
}
_BOT_TYPES = {f"textEntityType{theirs}": ours for ours, theirs in _TYPES.items()}


@functools.cache
def _quiet() -> None:
    request = {"@type": "setLogVerbosityLevel", "new_verbosity_level": 0}
    tdjson.td_execute(json.dumps(request).encode())


def _execute(method: str, **arguments: object) -> dict[str, Any]:
    _quiet()
    answer = tdjson.td_execute(json.dumps({"@type": method, **arguments}).encode())
    if answer is None:
        raise RuntimeError(f"{method} cannot be executed offline")
    result: dict[str, Any] = json.loads(answer)
    return result


def _formatted(text: str, entities: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "@type": "formattedText",
        "text": text,
        "entities": [
            {
                "@type": "textEntity",
                "offset": entity["offset"],
                "length": entity["length"],
                "type": {
                    "@type": f"textEntityType{_TYPES[entity['type']]}",
                    **({"url": entity.get("url", "")} if entity["type"] == "text_link" else {}),
                },
            }
            for entity in entities
        ],
    }


def telegram_accepts(text: str, entities: list[dict[str, Any]]) -> str | None:
    """None when Telegram takes these entities on this text, else its reason for refusing.

    The entities are the Bot API's. Lone surrogates in `text` are refused here as there.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return "Text must be encoded in UTF-8"
    # The method's work, writing Markdown, is of no use to us: what counts is that it first puts
    # the text through the check that every message to be sent goes through.
    answer = _execute("getMarkdownText", text=_formatted(text, entities))
    return str(answer["message"]) if answer["@type"] == "error" else None


def kept(text: str) -> str:
    """The text as Telegram would store it, before it trims the ends: some characters are lost."""
    return str(_execute("getMarkdownText", text=_formatted(text, []))["text"])


def found_entities(text: str) -> list[tuple[str, str]]:
    """What Telegram itself would make clickable: (type, piece of the text)."""
    return [(e["type"], _piece(text, e["offset"], e["length"])) for e in found_places(text)]


def found_places(text: str) -> list[dict[str, Any]]:
    """What Telegram itself would make clickable, as the Bot API's entities."""
    return _bot_entities(_execute("getTextEntities", text=text))


def parse_html(html: str) -> tuple[str, list[dict[str, Any]]] | str:
    """The text and the Bot API entities of a message in HTML, or the reason for refusing it."""
    mode = {"@type": "textParseModeHTML"}
    answer = _execute("parseTextEntities", text=html, parse_mode=mode)
    if answer["@type"] == "error":
        return str(answer["message"])
    return str(answer["text"]), _bot_entities(answer)


def _bot_entities(answer: dict[str, Any]) -> list[dict[str, Any]]:
    entities = []
    for entity in answer["entities"]:
        kind = entity["type"]
        name = _BOT_TYPES.get(kind["@type"], kind["@type"])
        url = {"url": kind["url"]} if "url" in kind else {}
        entities.append(
            {"type": name, "offset": entity["offset"], "length": entity["length"], **url}
        )
    return entities


def _piece(text: str, offset: int, length: int) -> str:
    units = text.encode("utf-16-le")
    return units[2 * offset : 2 * (offset + length)].decode("utf-16-le")
