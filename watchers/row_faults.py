"""What is wrong with a row of a watchlist, in words for those who write rows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel

_PATTERNS = {
    "id": "an id is small Latin letters, digits and hyphens",
    "deceased": 'a date is YYYY, YYYY-MM or YYYY-MM-DD, in quotes: "1999-05"',
    "language": 'a language is a code of two or three small letters, as "en" or "no_da"',
    "url": "an address begins with http:// or https://; empty if there is none",
    "group": "small Latin letters only",
}
_SHAPES = {
    "tuple_type": 'a list of texts is needed: ["One", "Another"]',
    "missing": "Field required",
}
LONGEST_KEY = 60  # characters of a misspelt key that are compared and told


def fault(model: type[BaseModel], error: Mapping[str, Any]) -> str:
    """One error of pydantic's, of that model, as a clause without a full stop."""
    loc, kind = tuple(error["loc"]), str(error["type"])
    key = str(loc[-1]) if loc else ""
    if kind == "extra_forbidden":
        return _no_such_key(model, loc)
    if kind == "string_pattern_mismatch":
        named = "id" if key == "[key]" else key
        return _PATTERNS.get(named, str(error["msg"]))
    if kind == "too_long" and "max_length" in error.get("ctx", {}):
        return f"more than {error['ctx']['max_length']:,} are too many"
    if kind == "string_type" and key == "deceased":
        return _PATTERNS[key]
    return _SHAPES.get(kind, str(error["msg"]).removeprefix("Value error, "))


def _no_such_key(model: type[BaseModel], loc: Sequence[int | str]) -> str:
    found: type[BaseModel] | None = model
    for step in loc[:-1]:
        if isinstance(step, str) and found is not None:
            found = _inner(found, step)
    keys = [field.alias or name for name, field in found.model_fields.items()] if found else []
    near = get_close_matches(str(loc[-1])[:LONGEST_KEY].casefold(), keys, 1)
    return f"no such key; did you mean {near[0]}?" if near else "no such key"


def _inner(model: type[BaseModel], key: str) -> type[BaseModel] | None:
    """The rows that a key of a model holds, if it holds any."""
    field = model.model_fields.get(key)
    waiting: list[Any] = [field.annotation] if field else []
    while waiting:
        one = waiting.pop()
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
        waiting.extend(get_args(one))
    return None
