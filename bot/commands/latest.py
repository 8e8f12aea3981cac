"""`/latest`, `/search` and `/report`: stories for readers, and a word when one is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot import browsing, search_wording, searching
from bot.app import Program
from bot.clock import utc_now
from bot.commands.orders import EVERYONE, Button, Command, Order, Press, Reply
from bot.commands.private import (
    is_own,
    label,
    number_in,
    old,
    own_row,
    reply_of,
    turning,
    words_of,
)
from bot.commands.reasons import reason_lines
from bot.pieces import isolated, shortened
from bot.sheets import Sheet, laid
from bot.story_list import NO_PIECES, add_stories
from watchers.ports import Store
from watchers.search_question import MOST
from watchers.snippets import Snippet
from watchers.telling import Channel, Delivery, Line, Reasoned

_A_PAGE = 5  # stories
_DATA = 64  # bytes of a button's data
_QUESTION = 100  # characters that are shown
_NOTICE = 1_500  # characters
_OF_LAST = 10  # stories of the last digest


async def reader_of(program: Program, order: Order) -> Channel:
    """Whoever asks, with the own settings if this is their own chat; else as anybody."""
    row = await own_row(program, order) if is_own(order) else None
    return row or browsing.anybody(order.language)


# ---------------------------------------------------------------- the latest


async def latest(program: Program, order: Order) -> Reply:
    """/latest"""
    return await _latest(program, order, 1)


async def _latest(program: Program, order: Order, page: int, *, choosing: bool = False) -> Reply:
    words = words_of(order)
    reader = await reader_of(program, order)
    found = await browsing.latest(program, reader)
    lines = found.lines
    sheet = Sheet(words).line(words.text("The latest stories"), "bold")
    if not lines:
        sheet.line(words.text("Nothing is stored yet that your settings ask for."))
        return reply_of(sheet)
    return _page(
        program, sheet, lines, reader.timezone, (page, "news:l", choosing),
        stories=len(found.stories),
    )  # fmt: skip


def _page(
    program: Program, sheet: Sheet, lines: Sequence[Line], zone: str, where: tuple[int, str, bool],
    *, stories: int = browsing.MOST,
    pieces: Mapping[str, Snippet] = NO_PIECES,
) -> Reply:  # fmt: skip
    """A page of stories; `where`: its number, how the data of buttons to others begin, and
    whether one is to be chosen that is wrong.

    What comes after the first `stories` is other news that names officials, below a heading.
    """
    words, (page, head, choosing) = sheet.words, where
    pages = -(-len(lines) // _A_PAGE)
    page = min(max(page, 1), pages)
    shown = lines[(page - 1) * _A_PAGE : page * _A_PAGE]
    first = (page - 1) * _A_PAGE + 1
    if pages > 1:
        of = {"page": words.number(page), "pages": words.number(pages)}
        sheet.line(words.text("Page %(page)s of %(pages)s") % of)
    sheet.line()
    ahead, name_of = max(0, stories - first + 1), program.knowledge.names.of
    done = add_stories(sheet, shown[:ahead], zone, name_of, first=first, pieces=pieces)
    if done == min(ahead, len(shown)) < len(shown):
        sheet.line(words.text("Officials named in other news"), "underline").line()
        done += add_stories(sheet, shown[done:], zone, name_of, first=first + done)
    if choosing:
        sheet.line(words.text("Which one has nothing to do with the subject?"))
        chosen = [
            Button(words.number(first + place), f"wrong:{line.subject}")
            for place, line in enumerate(shown[:done])
        ]
        back = Button(words.text("‹ Back"), f"{head}:{page}")
        return reply_of(sheet, [*chosen, back], (len(chosen), 1))
    turn = turning(words, head, page, pages)
    wrong = Button(words.text("Report a wrong match"), f"{head}:{page}:w")
    return reply_of(sheet, [*turn, wrong], (len(turn), 1) if turn else 1)


# ---------------------------------------------------------------- search


async def search(program: Program, order: Order) -> Reply:
    """/search WORDS"""
    question = _question(order.text)
    if not program.asking.read(question, utc_now(), told=True).asks:
        words = words_of(order)
        said = words.text("Usage: /search WORDS. There was no word to look for.")
        return Reply(laid(said, words))
    return await _search(program, order, question, 1)


def _question(text: str) -> str:
    return " ".join(text[: 2 * MOST].split())


async def _search(
    program: Program, order: Order, question: str, page: int, *, choosing: bool = False
) -> Reply:
    words = words_of(order)
    found = await searching.search(program, question, order.user_id)
    if found is None:
        slowly = words.text("That was a lot at once. Wait a minute, then ask again.")
        return Reply(laid(slowly, words), pops=True)
    reader = await reader_of(program, order)
    everything = browsing.anybody(order.language)
    lines = await browsing.lines_of(program, everything, found.articles)
    sheet = Sheet(words).line(words.text("Found: "), "bold")
    sheet.quote(question, _QUESTION)
    for said in search_wording.said(found, words):
        sheet.line(said)
    if not lines:
        sheet.line().line(words.text("Nothing was found with all these words."))
        return reply_of(sheet)
    first = (min(max(page, 1), -(-len(lines) // _A_PAGE)) - 1) * _A_PAGE
    pieces = await _pieces(program, found, lines[first : first + _A_PAGE])
    head = _question_head(order, question)
    where = page, head, choosing
    return _page(program, sheet, lines, reader.timezone, where, pieces=pieces)


async def _pieces(
    program: Program, found: searching.Found, lines: Sequence[Line]
) -> dict[str, Snippet]:
    """By subject, of the very article whose headline is shown."""
    by_url = {article.url: article for article in reversed(found.articles)}
    shown = {line.subject: by_url[line.url] for line in lines if line.url in by_url}
    made = await searching.pieces(program, found, list(shown.values()))
    return {subject: made[one.id] for subject, one in shown.items() if one.id in made}


def _question_head(order: Order, question: str) -> str:
    """How data of buttons begin that lead back to the question: with it, if it is short enough."""
    if ":" not in question and len(f"news:s:{question}:99:w".encode()) <= _DATA:
        return f"news:s:{question}"
    return f"news:k:{order.kept.keep(question)}"  # in memory: such a button grows old


async def turned(program: Program, order: Order) -> Reply:
    """Another page of the latest, or of what was found; or the choice of a wrong match."""
    data = order.data
    choosing = data[-1:] == ("w",)
    if data[:1] == ("l",):
        return await _latest(program, order, number_in(data, 1), choosing=choosing)
    if data[:1] not in (("s",), ("k",)) or len(data) < 3:
        return old(order, "/latest")
    question = order.kept.get(data[1]) if data[0] == "k" else data[1]
    if not isinstance(question, str) or not _question(question):
        return old(order, "/search")
    return await _search(program, order, _question(question), number_in(data, 2), choosing=choosing)


# ---------------------------------------------------------------- a wrong match


async def report(program: Program, order: Order) -> Reply:
    """/report: the stories of the last digest here, else the latest"""
    row = await own_row(program, order) if is_own(order) else None
    told = await program.database(lambda s: _told_last(s, row.id)) if row else ()
    if not told:
        return await _latest(program, order, 1, choosing=True)
    words = words_of(order)
    sheet = Sheet(words).line(words.text("Your last digest"), "bold")
    sheet.line(words.text("Which one has nothing to do with the subject?")).line()
    for place, (_, title) in enumerate(told, 1):
        sheet.begin().add(f"{words.number(place)}. ").quote(title, 200)
    buttons = [
        Button(label(words.number(place)), f"wrong:{subject}")
        for place, (subject, _) in enumerate(told, 1)
    ]
    return reply_of(sheet, buttons, _A_PAGE)


def _told_last(store: Store, channel_id: int) -> tuple[tuple[str, str], ...]:
    """Subjects and headlines of the last digest of a chat."""
    pages = store.deliveries(limit=_OF_LAST, channel_id=channel_id)
    last = [page for page in pages if page.digest_id == pages[0].digest_id]
    found, muted = [], store.mutes().subjects  # what was withdrawn is not repeated
    for subject in [one for one in _subjects(last) if one not in muted][:_OF_LAST]:
        articles = store.reasons(subject, 1)
        found += [(subject, article.article.title) for article in articles]
    return tuple(found)


def _subjects(pages: Sequence[Delivery]) -> list[str]:
    in_order = sorted(pages, key=lambda page: page.page)
    return list(dict.fromkeys(one.subject for page in in_order for one in page.content.placed))


async def reported(program: Program, order: Order) -> Reply:
    """The story that somebody says is wrong: the admins get to see it, and not who said so."""
    words = words_of(order)
    _, _, subject = (order.words[0] if order.words else "").partition(":")
    found = await program.database(lambda store: store.reasons(subject[:_DATA], 3))
    if not any(one.article.relevant or one.article.officials for one in found):
        return old(order, "/latest")
    if not program.readers.may_report(order.user_id):
        said = words.text("Thank you. These were enough reports for today.")
        return Reply(laid(said, words), pops=True)
    text = notice(program, subject, found)
    await program.database(
        lambda s: s.add_notice(f"wrong:{subject}", "wrong-match", text, at=utc_now())
    )
    said = words.text(
        "Thank you. The admins get to see the story and why it was found, and not who told them."
    )
    return Reply(laid(said, words), pops=True)


def notice(program: Program, subject: str, found: Sequence[Reasoned]) -> str:
    """What admins are told: the story, its headline, and why it was found."""
    first = found[0]
    lines = [
        "A reader says that this story has nothing to do with the subject:",
        f"“{isolated(shortened(first.article.title, 200))}”",
        first.article.url[:300],
        f"Story {subject}; /story {subject} shows all of it."
        if not subject.startswith("article:")
        else f"Article {subject.partition(':')[2]}, in no story.",
        "",
        "Why it was found:",
    ]
    names = program.knowledge.names
    reasons = reason_lines(first.reasons, first.article.title, first.text, names)
    return "\n".join([*lines, *(reasons or ["No reasons were kept."])])[:_NOTICE]


COMMANDS = {
    "latest": Command(latest, "the latest stories", EVERYONE),
    "search": Command(search, "stories with these words: /search WORDS", EVERYONE),
    "report": Command(report, "say that a story is wrong here", EVERYONE),
}
PRESSES = {"news": Press(turned, EVERYONE), "wrong": Press(reported, EVERYONE)}
