"""All commands and buttons: who may, which handler, what the help says. Pure."""

from __future__ import annotations

from bot.commands import (
    admin,
    approvals,
    channels,
    deliveries,
    feeds,
    latest,
    lists,
    mute,
    officials,
    people,
    posting,
    preferences,
    preview,
    stories,
    subscriber,
    subscription,
    timing,
    watch,
    watchlist,
    withdraw,
)
from bot.commands.orders import (
    EVERYONE,
    LIST,
    PRESS,
    STORY,
    WATCH,
    WHY,
    Command,
    Press,
)

_FEEDS = {
    "addfeed": Command(feeds.add_feed, "watch a feed, or a page's feeds: /addfeed URL"),
    "feeds": Command(feeds.feeds, "all feeds, failing ones first: /feeds [PAGE]"),
    "feed": Command(feeds.feed, "one feed in full: /feed NUMBER"),
    "checkfeed": Command(feeds.check_feed, "ask for a feed once: /checkfeed NUMBER or URL"),
    "pausefeed": Command(feeds.pause_feed, "stop polling a feed for now: /pausefeed NUMBER"),
    "resumefeed": Command(feeds.resume_feed, "poll it again: /resumefeed NUMBER"),
    "removefeed": Command(feeds.remove_feed, "stop watching a feed: /removefeed NUMBER"),
    "export": Command(lists.export_list, "all feeds as OPML; send me such a list to add its feeds"),
}
_KNOWING = {
    "watchlist": Command(watchlist.watchlist, "who is watched for: /watchlist [PAGE, ID or name]"),
    "watch": Command(watch.watch, "change the watchlist; /watch shows how"),
    "unwatch": Command(
        watch.unwatch, "take somebody, or a form of a name, off it: /unwatch ID [NAME]"
    ),
    "test": Command(preview.test, "what a text is about, and why: /test TEXT, or as a reply"),
    "preview": Command(preview.preview, "the next digest, and why each story is in it"),
    "story": Command(stories.story, "what is in a story, and why: /story ID, URL or number"),
    "merge": Command(stories.merge, "make two stories one: /merge STORY STORY"),
    "split": Command(stories.split, "take articles out of a story: /split STORY URL..."),
}
_MODULES = (
    admin,
    channels,
    timing,
    posting,
    people,
    subscriber,
    subscription,
    preferences,
    latest,
    officials,
    deliveries,
    approvals,
    withdraw,
    mute,
)  # each has its own COMMANDS and PRESSES

COMMANDS: dict[str, Command] = _FEEDS | _KNOWING
PRESSES: dict[str, Press] = {
    PRESS: Press(feeds.pressed),
    feeds.REMOVE: Press(feeds.removing),
    WATCH: Press(watch.pressed),
    LIST: Press(watchlist.turned),
    WHY: Press(preview.pressed),
    STORY: Press(stories.pressed),
}
for _module in _MODULES:
    COMMANDS |= _module.COMMANDS
    PRESSES |= _module.PRESSES


def allowed(role: str) -> dict[str, Command]:
    """The commands of a role (empty: of everyone else), in the order of the help."""
    ranks = {"": 0, EVERYONE: 0, "editor": 1, "owner": 2}
    return {name: one for name, one in COMMANDS.items() if ranks[one.role] <= ranks[role]}
