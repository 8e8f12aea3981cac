"""`/settings` and `/language`: a subscriber's own settings, by buttons.

Buttons say what is to be, not what is to change ("on", not "the other"): pressing an old one
twice does no harm. They work after a restart, and change the row of whoever presses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bot import preferences as rules
from bot.app import Program
from bot.clock import utc_now
from bot.commands.orders import EVERYONE, Button, Command, Order, Press, Reply
from bot.commands.private import (
    SUBSCRIBER,
    elsewhere,
    is_own,
    label,
    number_in,
    old,
    own_row,
    reply_of,
    short_key,
    turning,
    words_of,
)
from bot.i18n import LANGUAGES, Catalogue, catalogue
from bot.pieces import isolated
from bot.sheets import Sheet, digits, laid
from watchers.ports import Store
from watchers.scope import EVERY_DAY
from watchers.telling import Channel

HEAD = "mine"
_A_PAGE = 8  # officials, or topics
_ALL = "all"

Page = Callable[[Program, Channel, Sequence[str]], Reply]
Change = Callable[[Program, Channel, Sequence[str]], dict[str, object]]


# ---------------------------------------------------------------- commands


async def settings(program: Program, order: Order) -> Reply:
    """/settings [TIME ZONE]"""
    if not is_own(order):
        return elsewhere(order)
    zone = rules.zone_of(" ".join(order.words)) if order.words else ""
    if zone is None:
        words = words_of(order)
        said = words.text(
            "Usage: /settings, or /settings with a time zone, e.g. /settings %(zone)s. "
            "There is no such time zone; nothing was changed."
        )
        return Reply(laid(said % {"zone": isolated("Europe/Berlin")}, words))
    row, _ = await _change(program, order, lambda _: {"timezone": zone} if zone else {})
    return without_row(order) if row is None else home(program, row)


async def language(program: Program, order: Order) -> Reply:
    """/language [LANGUAGE]"""
    if not is_own(order):
        return elsewhere(order)
    if code := rules.language_of(order.text):
        return await spoken(program, replace(order, words=(f"lang:{code}",)))
    row = await own_row(program, order)
    words = words_of(order)
    sheet = Sheet(words).line(words.text("Which language?"))
    head = f"{HEAD}:lg" if row else "lang"
    return reply_of(sheet, _languages(words, head), len(LANGUAGES))


def _languages(words: Catalogue, head: str) -> list[Button]:
    return [
        Button(label(rules.OWN_NAMES[code], chosen=code == words.language), f"{head}:{code}")
        for code in LANGUAGES
    ]


async def spoken(program: Program, order: Order) -> Reply:
    """A button of /language, pressed by somebody without a subscription."""
    code = order.data[0] if order.data else ""
    if code not in LANGUAGES:
        return old(order, "/language")
    if not is_own(order):
        return elsewhere(order)
    row, _ = await _change(program, order, lambda _: {"language": code})
    if row is not None:
        return home(program, row)
    words = catalogue(code)
    said = words.text(
        "Without a subscription nothing is kept about you, your language neither: then I answer "
        "in that of your Telegram app. To keep this one, subscribe."
    )
    sheet = Sheet(words).line(said)
    return reply_of(sheet, [Button(words.text("Subscribe"), f"sub:start:{code}")])


def without_row(order: Order) -> Reply:
    """What to say to somebody who has no subscription."""
    words = words_of(order)
    sheet = Sheet(words).line(words.text("You have no subscription, and nothing of you is stored."))
    return reply_of(sheet, [Button(words.text("Subscribe"), "sub:start")])


# ---------------------------------------------------------------- pages


def home(program: Program, row: Channel, *_: object) -> Reply:
    """All settings, and a button to each."""
    words = catalogue(row.language)
    topics = _topics(program)
    sheet = Sheet(words).line(words.text("Your settings"), "bold")
    for line in rules.lines_of(words, row, topics):
        sheet.line(line)
    if row.paused:
        sheet.line().line(words.text("Digests are stopped. Nothing comes until you resume."))
    named = Button(
        label(words.text("Officials in other news"), chosen=row.scope.named),
        f"{HEAD}:ne:{int(not row.scope.named)}",
    )
    buttons = [
        Button(words.text("Officials"), f"{HEAD}:of"),
        Button(words.text("Articles in"), f"{HEAD}:la"),
        named,
        Button(words.text("Times of day"), f"{HEAD}:ti"),
        Button(words.text("Weekdays"), f"{HEAD}:wd"),
        Button(words.text("Time zone"), f"{HEAD}:zo"),
        Button(words.text("Language"), f"{HEAD}:lg"),
    ]
    if topics:
        buttons.insert(3, Button(words.text("Further topics"), f"{HEAD}:to"))
    going = Button(words.text("Resume digests"), "sub:start")
    buttons.append(going if row.paused else Button(words.text("Stop digests"), "sub:stop"))
    return reply_of(sheet, buttons, (2, 2, 2, 2, 1) if topics else (2, 1, 2, 2, 1))


def _topics(program: Program) -> Mapping[str, str]:
    return {one.id: one.name for one in program.knowledge.watchlist.own_topics}


def _officials(program: Program, row: Channel, data: Sequence[str]) -> Reply:
    words, names = catalogue(row.language), program.knowledge.names
    people = {
        one.id: names.of(one.id, row.language)
        for one in program.knowledge.watchlist.officials
        if names.showable(one.id)
    }
    sheet = Sheet(words).line(words.text("Officials"), "bold")
    sheet.line(
        words.text(
            "Choose nobody, and you get all stories on the massacre. Choose some, and you get "
            "only stories that name one of them."
        )
    )
    return _listed(sheet, "of", people, row.scope.officials, number_in(data, 0))


def _further(program: Program, row: Channel, data: Sequence[str]) -> Reply:
    words = catalogue(row.language)
    sheet = Sheet(words).line(words.text("Further topics"), "bold")
    sheet.line(words.text("Stories on these are told besides."))
    return _listed(sheet, "to", _topics(program), row.scope.topics, number_in(data, 0))


def _listed(
    sheet: Sheet, head: str, names: Mapping[str, str], chosen: Sequence[str], page: int
) -> Reply:
    """A page of things to choose, a row each; then the pages, then back."""
    words, ids = sheet.words, list(names)
    pages = max(1, -(-len(ids) // _A_PAGE))
    page = min(max(page, 1), pages)
    buttons, rows = [], []
    if chosen:
        buttons.append(Button(words.text("All, choose nobody") if head == "of" else
                              words.text("None"), f"{HEAD}:{head}:{page}:{_ALL}"))  # fmt: skip
        rows.append(1)
    for one in ids[(page - 1) * _A_PAGE : page * _A_PAGE]:
        is_on = one in chosen
        data = f"{HEAD}:{head}:{page}:{short_key(one)}:{int(not is_on)}"
        buttons.append(Button(label(names[one], chosen=is_on), data))
        rows.append(1)
    turn = turning(words, f"{HEAD}:{head}", page, pages)
    buttons += [*turn, _back(words)]
    rows += [len(turn), 1] if turn else [1]
    return reply_of(sheet, buttons, tuple(rows))


def _back(words: Catalogue) -> Button:
    return Button(words.text("‹ Back"), f"{HEAD}:home")


def _articles(_: Program, row: Channel, __: Sequence[str]) -> Reply:
    words, chosen = catalogue(row.language), row.scope.languages
    sheet = Sheet(words).line(words.text("Articles in"), "bold")
    sheet.line(words.text("Choose none, and you get articles in all languages."))
    codes = dict.fromkeys((*rules.ARTICLE_LANGUAGES, *chosen))
    buttons = [
        Button(
            label(rules.language_name(words, code), chosen=code in chosen),
            f"{HEAD}:la:{code}:{int(code not in chosen)}",
        )
        for code in codes
    ]
    return _grid(sheet, buttons, 3)


def _grid(sheet: Sheet, buttons: Sequence[Button], across: int) -> Reply:
    rows = [across] * (len(buttons) // across)
    rest = len(buttons) % across
    return reply_of(sheet, [*buttons, _back(sheet.words)], (*rows, *([rest] if rest else []), 1))


def _times(_: Program, row: Channel, __: Sequence[str]) -> Reply:
    words = catalogue(row.language)
    sheet = Sheet(words).line(words.text("Times of day"), "bold")
    most = words.plural("At most %(n)s time a day.", "At most %(n)s times a day.", rules.MOST_TIMES)
    place = rules.place_of(words, row.timezone)
    sheet.line(words.text("When digests come, by the clock of %(place)s.") % {"place": place})
    sheet.line(most)
    buttons = [
        Button(
            ("✅" if time in row.schedule else "") + digits(time, words),
            f"{HEAD}:ti:{time.replace(':', '')}:{int(time not in row.schedule)}",
        )
        for time in sorted({*rules.HOURS, *row.schedule})
    ]
    return _grid(sheet, buttons, 4)


def _weekdays(_: Program, row: Channel, __: Sequence[str]) -> Reply:
    words = catalogue(row.language)
    sheet = Sheet(words).line(words.text("Weekdays"), "bold")
    sheet.line(words.text("On which days digests come."))
    buttons = [
        Button(
            label(rules.day_name(words, day), chosen=day in row.weekdays),
            f"{HEAD}:wd:{day}:{int(day not in row.weekdays)}",
        )
        for day in rules.days_in_order(words)
    ]
    return _grid(sheet, buttons, 2)


def zones(_: Program, row: Channel, __: Sequence[str] = ()) -> Reply:
    """A choice of time zones."""
    words = catalogue(row.language)
    sheet = Sheet(words).line(words.text("Time zone"), "bold")
    sheet.line(words.text("It is %(place)s now.") % {"place": rules.place_of(words, row.timezone)})
    example = isolated("/settings Asia/Kabul")
    sheet.line(words.text("Another one: write, for example, %(example)s") % {"example": example})
    codes = dict.fromkeys((*rules.ZONES, row.timezone))
    buttons = [
        Button(label(rules.place_of(words, zone), chosen=zone == row.timezone), f"{HEAD}:zo:{zone}")
        for zone in codes
    ]
    return _grid(sheet, buttons, 2)


def _speaking(_: Program, row: Channel, __: Sequence[str]) -> Reply:
    words = catalogue(row.language)
    sheet = Sheet(words).line(words.text("Language"), "bold")
    sheet.line(words.text("Of digests, and of what I say."))
    return _grid(sheet, _languages(words, f"{HEAD}:lg"), len(LANGUAGES))


# ---------------------------------------------------------------- changes


def _official(program: Program, row: Channel, data: Sequence[str]) -> dict[str, object]:
    names = program.knowledge.names
    if _word(data, 1) == _ALL:
        return {"scope": replace(row.scope, officials=())}
    ids = [one.id for one in program.knowledge.watchlist.officials if names.showable(one.id)]
    found = next((one for one in ids if short_key(one) == _word(data, 1)), None)
    return rules.with_official(row, found, on=_on(data, 2)) if found else {}


def _topic(program: Program, row: Channel, data: Sequence[str]) -> dict[str, object]:
    if _word(data, 1) == _ALL:
        return {"scope": replace(row.scope, topics=())}
    found = next((one for one in _topics(program) if short_key(one) == _word(data, 1)), None)
    return rules.with_topic(row, found, on=_on(data, 2)) if found else {}


def _article(_: Program, row: Channel, data: Sequence[str]) -> dict[str, object]:
    code = _word(data, 0)
    known = code in rules.ARTICLE_LANGUAGES or code in row.scope.languages
    return rules.with_language(row, code, on=_on(data, 1)) if known else {}


def _other_news(_: Program, row: Channel, data: Sequence[str]) -> dict[str, object]:
    return {"scope": replace(row.scope, named=_on(data, 0))}


def _time(_: Program, row: Channel, data: Sequence[str]) -> dict[str, object]:
    time = f"{_word(data, 0)[:2]}:{_word(data, 0)[2:4]}"
    known = time in rules.HOURS or time in row.schedule
    return rules.with_time(row, time, on=_on(data, 1)) if known else {}


def _day(_: Program, row: Channel, data: Sequence[str]) -> dict[str, object]:
    day = number_in(data, 0)
    return rules.with_day(row, day, on=_on(data, 1)) if day in EVERY_DAY else {}


def _zone(_: Program, __: Channel, data: Sequence[str]) -> dict[str, object]:
    zone = rules.zone_of(_word(data, 0))
    return {"timezone": zone} if zone else {}


def _language(_: Program, __: Channel, data: Sequence[str]) -> dict[str, object]:
    return {"language": _word(data, 0)} if _word(data, 0) in LANGUAGES else {}


def _word(data: Sequence[str], place: int) -> str:
    return data[place] if place < len(data) else ""


def _on(data: Sequence[str], place: int) -> bool:
    return _word(data, place) == "1"


# What a button leads to: the page, and the change that is made before it is shown.
_PAGES: Mapping[str, tuple[Page, Change | None]] = {
    "home": (home, None),
    "of": (_officials, _official),
    "to": (_further, _topic),
    "la": (_articles, _article),
    "ne": (home, _other_news),
    "ti": (_times, _time),
    "wd": (_weekdays, _day),
    "zo": (zones, _zone),
    "lg": (_speaking, _language),
}


_LISTS = ("of", "to")  # their buttons tell the page first


async def pressed(program: Program, order: Order) -> Reply:
    """A button of the settings: the row of whoever presses it, no other."""
    head, data = _word(order.data, 0), order.data[1:]
    if head not in _PAGES:
        return old(order, "/settings")
    if not is_own(order):
        return elsewhere(order)
    page, change = _PAGES[head]
    if change is None or len(data) < (2 if head in _LISTS else 1):
        row = await own_row(program, order)
        return without_row(order) if row is None else page(program, row, data)
    row, was_refused = await _change(program, order, lambda row: change(program, row, data))
    if row is None:
        return without_row(order)
    if was_refused:
        return Reply(laid(_unchanged(catalogue(row.language), head), words_of(order)), pops=True)
    return home(program, row) if head in ("zo", "lg") else page(program, row, data)


def _unchanged(words: Catalogue, head: str) -> str:
    if head == "ti":
        most = words.plural(
            "At most %(n)s time a day.", "At most %(n)s times a day.", rules.MOST_TIMES
        )
        return f"{words.text('Nothing was changed: at least one has to stay.')} {most}"
    if head == "wd":
        return words.text("Nothing was changed: at least one has to stay.")
    return words.text("Nothing was changed.")


async def _change(
    program: Program, order: Order, made: Callable[[Channel], Mapping[str, object]]
) -> tuple[Channel | None, bool]:
    """The row of whoever asks, changed (None without one), and whether the change was refused.

    In one step, for presses may overlap.
    """

    def change(store: Store) -> tuple[Channel | None, bool]:
        row = store.subscriber(order.user_id)
        changes = {} if row is None else made(row)
        if row is None or all(getattr(row, name) == value for name, value in changes.items()):
            return row, not changes
        return store.change_channel(row.id, changes, at=utc_now(), actor=SUBSCRIBER), False

    return await program.database(change)


COMMANDS = {
    "settings": Command(settings, "what you get, and when", EVERYONE),
    "language": Command(language, "the language that I speak", EVERYONE),
}
PRESSES = {HEAD: Press(pressed, EVERYONE), "lang": Press(spoken, EVERYONE)}
