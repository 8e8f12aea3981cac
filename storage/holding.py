"""How held posting is kept, in small values: pure, shared by both stores."""

from __future__ import annotations

import json
from datetime import datetime

from storage.notices import Telling
from watchers.restoring import Held

HELD = "posting_held"
"""The value's name; empty when a decision was taken."""
TOLD_UNTIL = "told_until"
"""The value that says until when what appeared counts as told, for what is stored later."""
WAITED = "It waited when the backup was made: it may have been posted since."
"""Why such a page is uncertain."""

GIVEN_UP = "The database was restored; look at the message, and change it by hand if need be."
"""Why a correction failed that waited when the backup was made."""


def plain(held: Held) -> dict[str, str | None]:
    """What the value of a hold is the JSON of."""
    data_of = held.data_of.isoformat() if held.data_of else None
    return {"why": held.why, "at": held.at.isoformat(), "data_of": data_of}


def held_of(text: str | None) -> Held | None:
    """What the value says."""
    if not text:
        return None
    found = json.loads(text)
    data_of = datetime.fromisoformat(found["data_of"]) if found["data_of"] else None
    return Held(found["why"], datetime.fromisoformat(found["at"]), data_of)


def watermark(until: datetime, decided: datetime) -> str:
    """The value: what is dated by `until` and stored after `decided` is no news."""
    return json.dumps({"until": until.isoformat(), "decided": decided.isoformat()})


def told_until(text: str | None) -> tuple[datetime, datetime] | None:
    """What :func:`watermark` wrote: `until` and `decided`."""
    if not text:
        return None
    found = json.loads(text)
    return datetime.fromisoformat(found["until"]), datetime.fromisoformat(found["decided"])


def notice_of(held: Held, pages: int) -> Telling:
    """What admins are told."""
    waiting = f" {pages:,} pages may have been posted, and wait for a decision." if pages else ""
    text = (
        f"{held.told}{waiting} Feeds are read meanwhile. Somebody with a shell decides: `dadkhah "
        "db resume --nothing-posted` if nothing was, else `dadkhah db resume --told-until TIME`. "
        "Changes since then to feeds, the watchlist, channels and admins, withdrawn and muted "
        "stories, and subscribers who left are unknown too."
    )
    return Telling(f"held:{held.at.isoformat()}", "held", text)
