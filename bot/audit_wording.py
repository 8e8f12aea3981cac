"""The audit log in words: who changed what, when. Pure."""

from __future__ import annotations

from bot.wording import isolated, short
from watchers.telling import AuditRecord

_DONE = {
    "admin.grant": "gave rights to",
    "admin.revoke": "took the rights of",
    "channel.add": "added the channel",
    "channel.change": "changed the channel",
    "channel.migrate": "followed the moved chat",
    "channel.pause": "paused the channel",
    "channel.remove": "removed the channel",
    "delivery.settle": "decided on page",
    "digest.approve": "let stories go out to",
    "digest.hold": "held stories back from",
    "digest.drop": "dropped the digest of",
    "feed.add": "added the feed",
    "feed.move": "followed the moved feed",
    "feed.mute": "muted the feed",
    "feed.unmute": "told again what comes from the feed",
    "feed.pause": "paused the feed",
    "feed.remove": "removed the feed",
    "feed.resume": "resumed the feed",
    "posting.resume": "resumed posting everywhere",
    "posting.stop": "stopped posting everywhere",
    "story.merge": "merged stories into",
    "story.mute": "muted the story",
    "story.split": "split the story",
    "story.unmute": "told again the story",
    "story.withdraw": "withdrew",
    "watch.add": "added to the watchlist",
    "watch.add-alias": "added a form of the name of",
    "watch.change": "changed on the watchlist",
    "watch.drop-alias": "took a form of the name off",
    "watch.file": "changed the watchlist by a file",
    "watch.hold": "put on hold",
    "watch.keep-own": "kept the own row of",
    "watch.remove": "took off the watchlist",
    "watch.take-shipped": "took the shipped row of",
    "watch.topic": "set the own topic",
    "watch.unhold": "took off hold",
}
_WHO = {"cli": "the command line", "system": "the program"}
_DETAIL = 300  # characters
_SUBJECT = 120


def record_words(record: AuditRecord) -> str:
    """One change: "2026-11-22 19:03, 7: changed the channel @digest (schedule 08:00 -> 09:00)".

    The time is UTC. An action that has no words here goes by its name.
    """
    what = _DONE.get(record.action, record.action)
    subject = f" {isolated(short(record.subject, _SUBJECT))}" if record.subject else ""
    detail = f" ({isolated(short(record.detail, _DETAIL))})" if record.detail else ""
    who = _WHO.get(record.actor, record.actor)
    return f"{record.at:%Y-%m-%d %H:%M}, {who}: {what}{subject}{detail}"
