"""The watchlist by chat: a bot in this process, a stand-in of Telegram, invented news."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot import jobs, sender
from bot.app import Knowledge, open_database
from bot.commands import preview, rehearsing, router, watch
from bot.commands.orders import Order
from bot.commands.rehearsing import Latest
from config.settings import load
from storage import MemoryStore, SqlStore
from tests.integration.test_feed_commands import ADMIN, STRANGER, Bot, opml
from tests.integration.test_feed_commands import _running as running
from tests.journey.harness import Kept, environment, inline, logging_as_it_was
from tests.standin import BotApiStandin
from tests.standin.rules import MAX_CALLBACK_BYTES, MAX_UNITS, utf16_units
from watchers.changes import WatchRow
from watchers.dedupe import fingerprint
from watchers.errors import StoreBusy
from watchers.match import Matcher
from watchers.model import Article, FeedSpec, Item, PollResult
from watchers.overlay import by_key, current, digest_of
from watchers.ports import Store
from watchers.rehearsal import Rehearsal, rehearse
from watchers.telling import ChannelSpec
from watchers.text import key

OTHER_ADMIN = 8
NOW = datetime.now(UTC).replace(microsecond=0)
_TLS = cache(ssl.create_default_context)
CHANNEL = "@reports"

# Invented: nobody of these names is meant.
ZARIN = ("Court in Bergen hears Zarin Nemoneh", "The lawyer Zarin Nemoneh spoke for an hour.")
PERSIAN = ("گفتگو با زرین نمونه", "زرین نمونه، وکیل، از پرونده گفت. شنوندگان پرسیدند.")
MASSACRE = (
    "Witnesses speak of Iran's 1988 prison massacre",
    "The 1988 massacre of political prisoners in Iran was remembered. Ebrahim Raisi was named.",
)
FERRY = ("Ferry timetable", "Fish and chips boat sails again.")
NEWS = (ZARIN, PERSIAN, MASSACRE, FERRY)


@cache
def _matcher() -> Matcher:
    return Matcher(Knowledge().watchlist)


def article(number: int, title: str, text: str, language: str = "en") -> Item:
    """A stored article as the shipped watchlist judges it."""
    url = f"https://paper{number % 3}.example/{number}"
    given = Article(
        url=url, canonical_url=url, url_key=key(url), guid_key=key("guid", url),
        content_key=key(title, text), title=title, text=text,
        published=NOW - timedelta(hours=1), language=language,
    )  # fmt: skip
    verdict = _matcher().judge(title, text)
    return Item(given, verdict, fingerprint(title, text, close=verdict.kept_close))


def fill(store: Store, *items: Item) -> None:
    """Store them as news of the first feed."""
    for at, some in ((NOW - timedelta(days=2), ()), (NOW, items)):
        store.save_poll(
            PollResult(
                feed_id=1, at=at, next_due=NOW + timedelta(hours=1), interval=900, failures=0.0,
                outcome="changed", status=200, items=tuple(some),
                seen=tuple(item.article.guid_key for item in some),
            )
        )  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: Kept) -> None:
    """Two admins, one channel, four articles."""
    ours = {"DADKHAH_ADMINS": f"{ADMIN},{OTHER_ADMIN}", "DADKHAH_CHANNEL": CHANNEL}
    for name, value in (environment(tmp_path) | ours).items():
        monkeypatch.setenv(name, value)

    def make() -> None:
        store = open_database(load(folder=Path("/nonexistent")))
        fill(store, *(article(n, *news) for n, news in enumerate(NEWS, 1)))
        store.close()

    kept("watched", tmp_path / "data", make)


@pytest.fixture
async def bot(settings: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    """A bot that is connected."""
    inline(monkeypatch)
    monkeypatch.setattr(ssl, "create_default_context", _TLS)  # no TLS here; each takes 50 ms
    monkeypatch.setattr(sender, "PAUSE", 0.0)
    with logging_as_it_was():
        async with BotApiStandin() as telegram:
            monkeypatch.setenv("DADKHAH_TELEGRAM_API_URL", telegram.api_url)
            monkeypatch.setenv("DADKHAH_TELEGRAM_TOKEN", telegram.token)
            async with running(telegram) as found:
                yield found


async def people(bot: Bot) -> dict[str, Any]:
    """Who is watched for, as another process would read it."""
    await bot.program.knowing.refresh()
    return {row.id: row for row in current(bot.program.knowing.joint).values()}


async def untouched(bot: Bot) -> bool:
    """Whether nothing of the watchlist was changed."""
    rows, audit = await bot.store(lambda s: (s.watch_rows(), s.audit()))
    return rows.revision == 0 and not [r for r in audit if r.action.startswith("watch")]


def written(bot: Bot, since: int, chat: int = ADMIN) -> str:
    """What was written to an admin since so many messages."""
    return "\n".join(bot.telegram.texts(chat)[since:])


async def more(bot: Bot, than: int, chat: int = ADMIN) -> None:
    """Wait until somebody was written more messages than so many."""
    await bot.telegram.until(lambda: len(bot.telegram.texts(chat)) > than)


ADD = "/watch new zarin-nemoneh Zarin Nemoneh"

# ---------------------------------------------------------------- looking


async def test_watchlist_is_paged_in_place_with_officials_first(bot: Bot) -> None:
    first = await bot.ask("/watchlist")
    assert "Page 1 of 3." in first
    assert first.index("Officials\n") < first.index("ebrahim-raisi: Ebrahim Raisi, \u2068")
    assert "Others, never" not in first
    assert list(bot.buttons) == ["2 ›"]
    await press_in_place(bot, "2 ›")
    second = bot.telegram.texts(ADMIN)[-1]
    assert "Page 2 of 3." in second
    assert second.index("Officials\n") < second.index("Others, never listed as officials\n")
    assert list(bot.buttons) == ["‹ 1", "3 ›"]
    await press_in_place(bot, "3 ›")
    assert "[survivor]" in bot.telegram.texts(ADMIN)[-1]
    assert len(bot.telegram.texts(ADMIN)) == 1
    assert all(utf16_units(m.text) < MAX_UNITS for m in bot.telegram.sent)


async def press_in_place(bot: Bot, label: str, user: int = ADMIN) -> None:
    """Press a button whose answer takes the place of its message."""
    message = bot.telegram.sent[-1]
    before = message.text
    bot.telegram.callback(user, bot.buttons[label], message.id, chat_id=message.chat_id)
    await bot.telegram.until(lambda: message.text != before)


@pytest.mark.parametrize(
    "data", ["list:99", "list:0", "list:", "list:x", "list:²", f"list:{'9' * 50}"]
)
async def test_page_that_there_is_not_shows_one_that_there_is(bot: Bot, data: str) -> None:
    await bot.ask("/watchlist ۲")
    bot.telegram.callback(ADMIN, data, bot.telegram.sent[-1].id)
    await bot.telegram.until(lambda: "Page 2" not in bot.telegram.sent[-1].text)
    assert (
        "Page 1 of 3" in bot.telegram.sent[-1].text or "Page 3 of 3" in bot.telegram.sent[-1].text
    )


async def test_watchlist_marks_held_rows_and_those_of_admins(bot: Bot) -> None:
    shipped = by_key(bot.program.knowing.joint.shipped)
    rows = [
        WatchRow("person", "aban-farzi", {
            "name": "Aban Farzi", "fa": ["آبان فرضی"], "kind": "jurist", "say": "", "status": "",
            "claim_basis": "not-verified", "hold": True,
        }),
        WatchRow("person", "ali-razini", None, digest_of(shipped["person", "ali-razini"])),
        WatchRow("own_topic", "boats", {"name": "Boats", "query": "ferry"}),
        WatchRow("person", "cannot-be", {"name": "x" * 999}),
    ]  # fmt: skip
    await bot.store(
        lambda s: s.save_watch_rows(
            rows, expected=0, action="watch.add", detail="", at=NOW, actor="7"
        )
    )
    first = await bot.ask("/watchlist")
    assert "Your rows that cannot be used: cannot-be.\nTaken off by you: ali-razini." in first
    last = await bot.ask("/watchlist 3")
    assert "aban-farzi: Aban Farzi, \u2068آبان فرضی\u2069 [jurist, held, yours]" in last
    assert "Own topics\nboats: Boats" in last
    assert "[not named in digests]" in first + last
    shown = await bot.ask("/watchlist aban-farzi")
    assert "Found and counted, not named in digests: on hold." in shown
    assert "Added by you." in shown
    assert "cannot be used: name: String should have" in await bot.ask("/watchlist cannot-be")
    assert "/watch ali-razini shipped brings it back" in await bot.ask("/watchlist ali-razini")
    assert "Query: ferry" in await bot.ask("/watchlist Boats")


async def test_one_person_is_shown_by_id_or_name_with_who_says_what(bot: Bot) -> None:
    by_id = await bot.ask("/watchlist Hamid-Noury")  # as phones begin a word
    await bot.telegram.until(lambda: "more sources" in written(bot, 0))
    for part in ("Hamid Noury (hamid-noury)\nKind: official.", "Persian: \u2068",
                 "Said: ", "Claim rests on: court-judgment"):  # fmt: skip
        assert part in by_id
    count = len(bot.telegram.texts(ADMIN))
    await bot.ask("/watchlist حميد نوري")
    await bot.telegram.until(lambda: "more sources" in written(bot, count))
    assert written(bot, count).startswith(by_id)
    several = await bot.ask("/watchlist Montazeri")
    assert "are called so:\n" in several
    assert "hossein-ali-montazeri: " in several


# ---------------------------------------------------------------- changing


async def test_change_is_rehearsed_first_and_done_by_a_button(bot: Bot) -> None:
    said = await bot.ask(f"{ADD} kind jurist")
    for part in ("New: Zarin Nemoneh (zarin-nemoneh), jurist. On hold and not verified",
                 "Tried on all that is stored: 4 articles.", "+ 1 Zarin Nemoneh (zarin-nemoneh)",
                 "+ Court in Bergen hears Zarin Nemoneh\n   paper1.example, 20",
                 ": [full name] “Zarin Nemoneh”", "Nothing was changed yet."):  # fmt: skip
        assert part in said
    assert list(bot.buttons) == ["Do it", "Cancel"]
    assert all(len(data.encode()) <= MAX_CALLBACK_BYTES for data in bot.buttons.values())
    assert await untouched(bot)

    message, data = bot.telegram.sent[-1], bot.buttons["Do it"]
    _, done = await bot.press("Do it")
    assert "Done. New: Zarin Nemoneh" in done
    assert message.reply_markup is None  # its buttons are gone
    row = bot.program.knowing.joint.watchlist.people[-1]
    assert (row.name, row.kind, row.hold, row.claim_basis) == (
        "Zarin Nemoneh", "jurist", True, "not-verified",
    )  # fmt: skip
    record = (await bot.store(lambda s: s.audit()))[0]
    assert (record.actor, record.action, record.subject) == (
        str(ADMIN),
        "watch.add",
        "zarin-nemoneh",
    )

    count = len(bot.telegram.texts(ADMIN))
    bot.telegram.callback(ADMIN, data, message.id)  # as a double tap
    await more(bot, count)
    assert "done already. This press changed nothing" in written(bot, count)
    assert (await bot.store(lambda s: s.watch_revision())) == 1


async def test_persian_form_is_found_and_shown_apart(bot: Bot) -> None:
    await bot.ask(ADD)
    await bot.press("Do it")
    said = await bot.ask("/watch Zarin-Nemoneh alias زرين  نمونه")  # Arabic yeh
    assert "also found by “\u2068زرين نمونه\u2069”." in said
    assert "+ \u2068گفتگو با زرین نمونه\u2069\n" in said
    await bot.press("Do it")
    assert (await people(bot))["zarin-nemoneh"].names == ("Zarin Nemoneh", "زرين نمونه")
    again = await bot.ask("/watch zarin-nemoneh alias زرین‌نمونه")
    assert "is there already" in again
    gone = await bot.ask("/unwatch zarin-nemoneh زرین نمونه")
    assert "− 1 Zarin Nemoneh (zarin-nemoneh)\n" in gone
    assert "no more." in gone
    await bot.press("Do it")
    assert (await people(bot))["zarin-nemoneh"].names == ("Zarin Nemoneh",)


async def test_removed_person_is_lost_and_can_be_had_back(bot: Bot) -> None:
    said = await bot.ask("/unwatch ebrahim-raisi")
    assert "Ebrahim Raisi (ebrahim-raisi): watched for no more." in said
    assert "− 1 Ebrahim Raisi (ebrahim-raisi)\n" in said
    assert "− Witnesses speak of Iran's 1988 prison massacre\n" in said
    await bot.press("Do it")
    assert "ebrahim-raisi" not in await people(bot)
    await bot.ask("/watch ebrahim-raisi shipped")
    await bot.press("Do it")
    assert "ebrahim-raisi" in await people(bot)
    assert (await bot.store(lambda s: s.watch_rows())).rows == ()


async def test_own_topic_is_added_changed_and_removed(bot: Bot) -> None:
    said = await bot.ask("/watch topic boats Boats = ferry AND (boat OR «قایق»)")
    assert "Own topic boats: \u2068Boats: ferry AND (boat OR «قایق»)\u2069" in said
    await bot.press("Do it")
    assert (await people(bot))["boats"].query == "ferry AND (boat OR «قایق»)"
    await bot.ask("/watch topic BOATS Ships = ferry NEAR/5 boat")
    await bot.press("Do it")
    assert (await people(bot))["boats"].name == "Ships"
    await bot.ask("/unwatch boats")
    await bot.press("Do it")
    assert "boats" not in await people(bot)
    actions = [r.action for r in await bot.store(lambda s: s.audit()) if r.action[:5] == "watch"]
    assert actions == ["watch.remove", "watch.topic", "watch.topic"]


FIELDS = {  # order: what it says, what becomes of the row
    "say": ("say reported by the bar", "it was empty", "say", "reported by the bar"),
    "persian": ("denial گفت نه", "becomes “\u2068گفت نه\u2069”", "denial", "گفت نه"),
    "hyphen": ("claim-basis testimony", "was “not-verified”", "claim_basis", "testimony"),
    "name": ("name Zarin Namuneh", "it was “Zarin Nemoneh”", "name", "Zarin Namuneh"),
    "died": ("deceased 2020-01", "becomes “2020-01”", "deceased", "2020-01"),
    "context": ("context Nemoneh", ", only in context", "needs_context", ("Nemoneh",)),
    "hidden": ("status a\u202eb\u200b c", "becomes “ab c”", "status", "ab c"),
}


async def test_fields_are_changed(bot: Bot) -> None:
    await bot.ask(ADD)
    await bot.press("Do it")
    for case, (words, part, field, value) in FIELDS.items():
        assert part in await bot.ask(f"/watch zarin-nemoneh {words}"), case
        await bot.press("Do it")
        assert getattr((await people(bot))["zarin-nemoneh"], field) == value, case


async def test_hold_goes_on_and_off_and_a_text_is_emptied(bot: Bot) -> None:
    assert "on hold. Found and counted" in await bot.ask("/watch ebrahim-raisi hold on")
    await bot.press("Do it")
    assert (await people(bot))["ebrahim-raisi"].hold
    assert "Nothing was changed" in await bot.ask("/watch ebrahim-raisi hold on")
    assert "off hold. Digests may name" in await bot.ask("/watch ebrahim-raisi hold off")
    await bot.press("Do it")
    assert not (await people(bot))["ebrahim-raisi"].hold
    assert "becomes empty" in await bot.ask("/watch ebrahim-raisi denial -")


async def test_cancelled_change_is_not_made_by_a_later_press(bot: Bot) -> None:
    await bot.ask(ADD)
    message, data = bot.telegram.sent[-1], bot.buttons["Do it"]
    assert (await bot.press("Cancel"))[1] == "Cancelled. Nothing was changed."
    count = len(bot.telegram.texts(ADMIN))
    bot.telegram.callback(ADMIN, data, message.id)
    await more(bot, count)
    assert written(bot, count) == "This was cancelled. This press changed nothing."
    assert await untouched(bot)


async def test_change_is_not_made_over_somebody_elses(bot: Bot) -> None:
    await bot.ask(ADD)
    message, data = bot.telegram.sent[-1], bot.buttons["Do it"]
    await bot.ask("/watch ebrahim-raisi hold on", OTHER_ADMIN)
    theirs = bot.telegram.sent[-1]
    bot.telegram.callback(OTHER_ADMIN, bot.buttons["Do it"], theirs.id)
    await bot.telegram.until(lambda: "Done" in written(bot, 0, OTHER_ADMIN))
    for _ in range(2):
        count = len(bot.telegram.texts(ADMIN))
        bot.telegram.callback(ADMIN, data, message.id)
        await more(bot, count)
        assert "The watchlist was changed after this was tried." in written(bot, count)
    assert (await bot.store(lambda s: s.watch_revision())) == 1
    assert "zarin-nemoneh" not in await people(bot)


async def test_another_admins_press_counts_and_the_audit_names_who_pressed(bot: Bot) -> None:
    await bot.ask(ADD)
    await bot.press("Do it", OTHER_ADMIN)
    assert (await bot.store(lambda s: s.audit()))[0].actor == str(OTHER_ADMIN)


async def test_press_counts_only_with_rights_held_now(bot: Bot) -> None:
    await bot.ask(ADD)
    assert "for admins" in (await bot.press("Do it", STRANGER))[0]
    await bot.store(lambda s: s.revoke(ADMIN, at=NOW, actor="cli"))
    assert "for admins" in (await bot.press("Do it"))[0]
    assert await untouched(bot)


@pytest.mark.parametrize(
    "data", ["watch:gone:do", "watch:", "watch::", "why:gone:1", "why:", "why:x:²"]
)
async def test_old_button_answers_politely(bot: Bot, data: str) -> None:
    await bot.ask(ADD)
    count = len(bot.telegram.texts(ADMIN))
    bot.telegram.callback(ADMIN, data, bot.telegram.sent[-1].id)
    await more(bot, count)
    assert "This button is old" in written(bot, count)
    assert await untouched(bot)


async def test_button_of_one_kind_is_none_of_another(bot: Bot) -> None:
    await bot.ask(ADD)
    token = bot.buttons["Do it"].split(":")[1]
    for data in (f"why:{token}:1", f"watch:{token}:perhaps", f"feed:{token}:0"):
        count = len(bot.telegram.texts(ADMIN))
        bot.telegram.callback(ADMIN, data, bot.telegram.sent[0].id)
        await more(bot, count)
        assert "This button is old" in written(bot, count)
    assert await untouched(bot)


async def test_database_that_fails_at_the_press_leaves_the_button_good(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bot.ask(ADD)
    with monkeypatch.context() as patch:
        patch.setattr(bot.program.knowing, "apply", _busy)
        assert "is busy" in (await bot.press("Do it"))[0]
    assert "Done." in (await bot.press("Do it"))[1]


async def _busy(*_: object, **__: object) -> None:
    raise StoreBusy("The database is busy.")


NOT_FOLLOWED: dict[str, dict[str, Any]] = {
    "stranger": {"user": STRANGER},
    "anonymous": {"anonymous": True, "chat_id": -100, "chat_type": "supergroup"},
    "forwarded": {"forward_origin": {"type": "user", "date": 1, "sender_user": {
        "id": ADMIN, "is_bot": False, "first_name": "A"}}},
}  # fmt: skip


ORDERS = (ADD, "/unwatch ebrahim-raisi", "/watchlist", "/test Iran", "/preview")


@pytest.mark.parametrize("case", NOT_FOLLOWED)
async def test_orders_of_those_without_rights_are_refused(bot: Bot, case: str) -> None:
    how = dict(NOT_FOLLOWED[case])
    user = how.pop("user", ADMIN)
    chat = how.get("chat_id", user)
    for number, order in enumerate(ORDERS):
        bot.telegram.message(user, order, **how)
        await more(bot, number, chat)
        said = bot.telegram.texts(chat)[-1]
        assert "for admins" in said or "anonymous" in said or "not followed" in said
    assert not bot.buttons
    assert await untouched(bot)


async def test_edited_order_is_not_even_answered(bot: Bot) -> None:
    bot.telegram.message(ADMIN, ADD, edited=True)
    assert "Page 1" in await bot.ask("/watchlist")
    assert len(bot.telegram.texts(ADMIN)) == 1
    assert await untouched(bot)


LONG = "ز" * 4_000
WRONG = {  # what an admin sends: what is answered
    "help": ("/watch", "/watch topic stockholm"),
    "no-verb": ("/watch ebrahim-raisi", "/watch ID alias NAME"),
    "no-field": ("/watch ebrahim-raisi shoe 43", "FIELD is one of: name, kind"),
    "no-text": ("/watch ebrahim-raisi alias", "Which name? /watch ebrahim-raisi alias NAME"),
    "no-hold": ("/watch ebrahim-raisi hold", "Hold on or hold off?"),
    "one-word": ("/watch ali-razini alias the", "chat: /watch ID context NAME"),
    "no-id": (
        "/watch new Zarin Nemoneh", "The id comes first: /watch new zarin-nemoneh Zarin Nemoneh",
    ),
    "no-id-kind": (
        "/watch new Zarin Nemoneh Example kind jurist",
        "The id comes first: /watch new zarin-nemoneh-example Zarin Nemoneh Example",
    ),
    "id-of-1988": ("/watch new massacre-1988 Jane Example", "a shipped topic has this id"),
    "unknown": ("/watch nobody alias Nobody Else", "the id 'nobody'. /watchlist shows the ids"),
    "unknown-out": ("/unwatch nobody", "the id 'nobody'. /watchlist shows the ids"),
    "unknown-form": ("/unwatch ebrahim-raisi Somebody Else", "has no form 'Somebody Else'"),
    "unknown-row": ("/watchlist nobody", "id or name “nobody”. /watchlist shows all"),
    "unchanged-shipped": ("/watch ebrahim-raisi shipped", "have not changed 'ebrahim-raisi'"),
    "unchanged-keep": ("/watch ebrahim-raisi keep", "have not changed 'ebrahim-raisi'"),
    "nobody-named": ("/unwatch", "Usage: /unwatch ID [NAME]"),
    "taken-alias": ("/watch hamid-noury alias Ebrahim Raisi", "names 'ebrahim-raisi' already"),
    "short-alias": ("/watch hamid-noury alias no", "is under 3 letters"),
    "invisible-alias": ("/watch hamid-noury alias \u202e\u200b…", "no letter or digit"),
    "own-name": ("/unwatch hamid-noury Hamid Noury", "change the name first"),
    "long-alias": (f"/watch hamid-noury alias {LONG}", "at most 120 characters"),
    "long-say": (f"/watch hamid-noury say {LONG}", "at most 600 characters"),
    "long-id": (f"/watch {LONG} alias Hamid", "/watch ID alias NAME"),
    "long-id-out": (f"/unwatch {LONG}", "Usage: /unwatch ID [NAME]"),
    "long-row": (f"/watchlist {LONG}", "Nobody and no own topic"),
    "page-too-far": ("/watchlist 99", "There are 3 pages: /watchlist 3"),
    "control-id": ("/watch \x01\u202eid alias Hamid", "Nobody on the watchlist"),
    "bad-kind": ("/watch new jane-example Jane Example kind king", "kind: Input should be"),
    "bad-kind-change": ("/watch hamid-noury kind king", "kind: Input should be"),
    "bad-id": ("/watch new Jane! Jane Example", "id: an id is small Latin letters"),
    "our-word": ("/watch new topic Jane Example", "Usage: /watch new ID NAME"),
    "nameless": ("/watch new jane-example", "Usage: /watch new ID NAME"),
    "there-already": ("/watch new hamid-noury Somebody Else", "on the watchlist already"),
    "same-name": ("/watch new hamid-noury-two Hamid Noury", "by the name 'Hamid Noury' already"),
    "bad-hold": ("/watch hamid-noury hold perhaps", "neither yes nor no"),
    "bad-date": ("/watch hamid-noury deceased yesterday", "deceased: a date is YYYY"),
    "empty-say": ("/watch hamid-noury say -", "say: empty; give neutral wording"),
    "no-query": ("/watch topic boats Boats", "Usage: /watch topic ID NAME = QUERY"),
    "empty-query": ("/watch topic boats Boats =  ", "Usage: /watch topic ID NAME = QUERY"),
    "bad-query": ("/watch topic boats Boats = ferry and boat", "at character 7, “and”: write AND"),
    "open-query": ("/watch topic boats Boats = (ferry", "it is never closed"),
    "deep-query": (f"/watch topic boats Boats = {'(' * 3_000}", "othing was changed"),
    "topic-of-ours": ("/watch topic massacre-1988 Mine = ferry", "has this id; give another"),
    "topic-of-person": ("/watch topic hamid-noury Mine = ferry", "on the watchlist already"),
    "two-channels": ("/preview @a @b", "Usage: /preview [CHANNEL]"),
    "no-channel": ("/preview @nowhere", "/channels shows them"),
    "nothing-to-test": ("/test", "Usage: /test TEXT"),
    "blank-to-test": ("/test \u200b\u202e\n", "Usage: /test TEXT"),
}  # fmt: skip


async def test_wrong_orders_are_explained_and_change_nothing(bot: Bot) -> None:
    for case, (order, said) in WRONG.items():
        answer = await bot.ask(order[:4_096])
        assert said in answer, case
        assert "dadkhah " not in answer, case  # nobody in a chat has a shell
        assert len(answer) < 2_000, case
    assert not bot.buttons
    assert await untouched(bot)


async def test_long_rehearsal_is_announced_bounded_and_says_so(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(router, "_PATIENCE", 0.0)
    monkeypatch.setattr(rehearsing, "MOST", 3)
    assert "can take a minute" in await bot.ask(ADD)
    await bot.telegram.until(lambda: len(bot.telegram.texts(ADMIN)) > 1)
    said = bot.telegram.texts(ADMIN)[-1]
    assert "Tried on the latest 3 stored articles; older ones were left out." in said


async def test_rehearsal_that_is_broken_off_ends_soon(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = threading.Event(), threading.Event()

    def forever(latest: Latest, *_: Matcher) -> Rehearsal:
        begun.set()
        until = time.monotonic() + 5
        while not latest.stopped and time.monotonic() < until:
            time.sleep(0.01)
        if latest.stopped:
            ended.set()
        return Rehearsal()

    monkeypatch.setattr(rehearsing, "rehearse", forever)
    order = Order(tuple(ADD.split()[1:]), ADMIN)
    task = asyncio.ensure_future(watch.watch(bot.program, order))
    await bot.telegram.until(begun.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(ended.wait, 5)


async def test_examples_are_few_and_of_both_kinds(bot: Bot) -> None:
    items = [article(n, f"Piece {n} on Zarin Nemoneh", "She spoke.") for n in range(10, 30)]
    await bot.store(lambda s: fill(s, *items))
    said = await bot.ask(ADD)
    assert "+ 21 Zarin Nemoneh" in said
    assert "For example (21 articles in all):" in said
    assert said.count("[full name]") == 5
    await bot.press("Do it")
    said = await bot.ask("/watch zarin-nemoneh name زرین نمونه")
    assert "− " not in said  # the form stays
    said = await bot.ask("/watch zarin-nemoneh kind jurist")
    assert "None is gained, none is lost. 21 articles would list somebody\notherwise" in said


async def test_examples_of_a_change_that_gains_and_loses_show_both(bot: Bot) -> None:
    items = [article(n, f"Piece {n} on Zarin Nemoneh", "She spoke.") for n in range(10, 20)]
    await bot.store(lambda s: fill(s, *items))
    await bot.send("ours.toml", ROWS.encode())
    await bot.press("Do it")
    rows = ROWS.replace("Zarin Nemoneh", "Zarin Namuneh").replace("ferry AND boat", "massacre")
    said = await bot.send("ours.toml", rows.encode())
    assert "+ 1 Boats (boats)\n− 11 Zarin Nemoneh (zarin-nemoneh)\n− 1 Boats (boats)\n" in said
    assert (said.count("\n+ "), said.count("\n− ")) == (1 + 1, 2 + 4)


# ---------------------------------------------------------------- documents

ROWS = """
[[person]]
id = "zarin-nemoneh"
name = "Zarin Nemoneh"
fa = ["زرین نمونه"]
kind = "jurist"
status = "A lawyer."
say = "reported by the bar as a lawyer"
claim_basis = "not-an-accused"

[[own_topic]]
id = "boats"
name = "Boats"
query = "ferry AND boat"
"""


async def test_document_of_rows_is_rehearsed_and_done_by_a_button(bot: Bot) -> None:
    said = await bot.send("ours.toml", b"\xef\xbb\xbf" + ROWS.encode())
    assert "ours.toml: 2 rows that differ from the watchlist.\nNew: zarin-nemoneh, boats\n" in said
    assert "+ 2 Zarin Nemoneh (zarin-nemoneh)" in said
    assert "Nothing was changed yet." in said
    assert await untouched(bot)
    await bot.press("Do it")
    assert {"zarin-nemoneh", "boats"} <= (await people(bot)).keys()
    record = (await bot.store(lambda s: s.audit()))[0]
    assert (record.actor, record.action) == (str(ADMIN), "watch.file")
    assert "That is so already" in await bot.send("ours.toml", ROWS.encode())


BROKEN = {
    "no-toml": (b"[[person]]\nid = \n", "not TOML"),
    "unknown-key": (
        ROWS.replace("status", "statsu").encode(),
        '"zarin-nemoneh".statsu: no such key; did you mean status?',
    ),
    "bad-query": (
        ROWS.replace("ferry AND", "ferry and").encode(),
        'ours.toml:14: own_topic[0] "boats".query',
    ),
    "claimed": (ROWS.replace("زرین نمونه", "ابراهیم رئیسی").encode(), "names 'ebrahim-raisi' too"),
    "twice": ((ROWS + ROWS).encode(), "this id is used above"),
    "other-section": ((ROWS + '\n[[feed]]\nurl = "https://a.example/"\n').encode(), "feed"),
    "no-rows": (b"# nothing\n", "has no [[person]] and no [[own_topic]] rows"),
    "broken": (b"some words\n", "line 1"),
    "people": (b'[[people]]\nid = "x"\n', "people: no such key"),
    "not-utf8": (b'\n[[person]]\nid = "\xff"\n', "ours.toml:3: not UTF-8"),
    "bidi": (ROWS.replace("A lawyer", "A \u202elawyer").encode(), "status"),
    "too-large": (ROWS.encode() + b"#" * 300_001, "at most 300 kB"),
    "many-bad": (b'[[person]]\nid = "X"\n' * 400, "and "),
}


async def test_documents_that_cannot_be_used_change_nothing(bot: Bot) -> None:
    for case, (data, said) in BROKEN.items():
        answer = await bot.send("ours.toml", data)
        assert said in answer, case
        assert "othing was changed" in answer, case
        assert len(answer) < 4_000, case
    assert not bot.buttons
    assert await untouched(bot)


async def test_lists_of_feeds_go_on_working(bot: Bot) -> None:
    outline = '<outline xmlUrl="https://a.example/feed" text="[[person]]"/>'
    assert "1 feed added" in await bot.send("list.opml", opml(outline))
    toml = b'[[feed]]\nurl = "https://b.example/feed"\nname = "person"\n'
    assert "1 feed added" in await bot.send("list.toml", toml)
    assert await untouched(bot)


async def test_rows_of_a_stranger_are_not_even_downloaded(bot: Bot) -> None:
    assert "for admins" in await bot.send("ours.toml", ROWS.encode(), user=STRANGER)
    assert not [call for call in bot.telegram.calls if call.method.lower() == "getfile"]


# ---------------------------------------------------------------- a text


async def test_text_is_tested_with_its_reasons_by_sentence(bot: Bot) -> None:
    said = await bot.ask("/test " + "\n".join(MASSACRE))
    for part in ("Relevant.\nOfficials: Ebrahim Raisi (ebrahim-raisi).\nTopics: massacre-1988.",
                 "“Witnesses speak of Iran's 1988 prison massacre”\n– massacre-1988 [",
                 "“Ebrahim Raisi was named.”\n– Ebrahim Raisi (ebrahim-raisi) [full name] “Ebrahim",
                 f"Watchlist {bot.program.knowing.joint.watchlist.version}."):  # fmt: skip
        assert part in said
    assert (await bot.store(lambda s: s.counts())).articles == len(NEWS)


async def test_message_that_is_replied_to_is_tested(bot: Bot) -> None:
    quoted = {
        "message_id": 1, "date": 1, "chat": {"id": ADMIN, "type": "private", "first_name": "A"},
        "text": "کشتار زندانیان سیاسی در تابستان ۱۳۶۷\nابراهیم رئیسی عضو هیئت مرگ بود.",
    }  # fmt: skip
    said = await bot.ask("/test", reply_to_message=quoted)
    assert said.startswith("Relevant.\nOfficials: Ebrahim Raisi (ebrahim-raisi).")
    assert "[full name] “\u2068ابراهیم رئیسی\u2069”" in said


NOT_RELEVANT = {
    "ferry": (FERRY[0], "Not relevant: nothing of the watchlist was found in it."),
    "named": ("Ebrahim Raisi opened a road", "Not relevant: an official is named in other news."),
    "long": ("a" * 4_000, "Not relevant: nothing"),
    "odd": ("\u202e\x01Ferry\u2067", "Not relevant: nothing"),
}


async def test_text_that_is_not_relevant_is_told_why(bot: Bot) -> None:
    for case, (text, said) in NOT_RELEVANT.items():
        assert (await bot.ask(f"/test {text}")).startswith(said), case


async def test_test_goes_by_the_watchlist_in_force(bot: Bot) -> None:
    await bot.ask(ADD)
    await bot.press("Do it")
    assert "Officials: Zarin Nemoneh (zarin-nemoneh)" in await bot.ask("/test Zarin Nemoneh spoke")


# ---------------------------------------------------------------- the next digest


async def previewed(bot: Bot, order: str = "/preview") -> str:
    """The last message of a preview."""
    await jobs.settle_all(bot.program)
    count = len(bot.telegram.texts(ADMIN))
    bot.telegram.message(ADMIN, order)
    await bot.telegram.until(
        lambda: any(" would be told now: " in text for text in bot.telegram.texts(ADMIN)[count:])
    )
    return bot.telegram.texts(ADMIN)[-1]


async def test_preview_is_the_digest_as_it_will_look_and_consumes_nothing(bot: Bot) -> None:
    said = await previewed(bot)
    assert f"So {CHANNEL} would be told now: 1 story, 1 page. Nothing was queued" in said
    channel = await bot.store(lambda s: s.channel(CHANNEL))
    built = await jobs.build(bot.program, channel, datetime.now(UTC))
    page = bot.telegram.sent[0]
    body = [line for line in page.text.split("\n") if " – " not in line]
    assert body == [line for line in built.pages[0].text.split("\n") if " – " not in line]
    assert [(e["type"], e["offset"], e["length"]) for e in page.entities] == [
        (e.type, e.offset, e.length) for e in built.pages[0].entities
    ]
    assert page.link_preview_options == {"is_disabled": True}
    assert page.reply_markup is None
    assert not await bot.store(lambda s: s.deliveries())
    assert built.digest.stories


async def test_why_button_tells_outlets_rules_aliases_and_sentences(bot: Bot) -> None:
    await previewed(bot)
    assert list(bot.buttons) == ["Why 1"]
    _, said = await bot.press("Why 1")
    version = _matcher().version
    for part in ("1. Witnesses speak of Iran's 1988 prison massacre\n", "paper0.example, 20",
                 ": relevant\n", "– massacre-1988 [strong phrase] “1988 prison massacre”",
                 "“Ebrahim Raisi was named.”\n– Ebrahim Raisi (ebrahim-raisi) [full name]",
                 f"Watchlist {version}"):  # fmt: skip
        assert part in said
    assert "for admins" in (await bot.press("Why 1", STRANGER))[0]


async def test_buttons_are_five_in_a_row_and_bounded(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview, "_BUTTONS", 7)
    items = [
        article(n, f"Ebrahim Raisi inspects the courthouse of {place}", f"Visit {n} of {place}.")
        for n, place in enumerate((f"{a}{b}" for a in ("Va", "Shi") for b in "ablmnopst"), 100)
    ]
    await bot.store(lambda s: fill(s, *items))
    said = await previewed(bot)
    rows = (bot.telegram.sent[-1].reply_markup or {})["inline_keyboard"]
    assert [len(row) for row in rows] == [5, 2]
    assert "Count from the top (the first 7):" in said
    _, why = await bot.press("Why 2")
    assert why.startswith("2. Ebrahim Raisi inspects the courthouse of ")
    assert ": named only\n" in why


async def test_preview_asks_which_of_several_channels(bot: Bot) -> None:
    await bot.store(lambda s: s.add_channel(ChannelSpec("@other"), at=NOW, actor="cli"))
    assert await bot.ask("/preview") == "Which channel?\n/preview @reports\n/preview @other"
    assert "So @other would be told" in await previewed(bot, "/preview @other")
    number = (await bot.store(lambda s: s.channel("@other"))).id  # as /channels writes it
    assert "So @other would be told" in await previewed(bot, f"/preview #{number}")
    assert "@other: " in await bot.ask(f"/digest #{number}")


async def test_preview_without_a_channel_or_without_news(bot: Bot) -> None:
    assert await bot.ask("/preview") == f"There is nothing new to tell in {CHANNEL}."  # unsettled
    channel = await bot.store(lambda s: s.channel(CHANNEL))
    await bot.store(lambda s: s.remove_channel(channel.id, at=NOW, actor="cli"))
    assert "So a channel would be told now: 1 story" in await previewed(bot)
    assert not await bot.store(lambda s: s.channels())


async def test_story_that_was_grouped_anew_since_is_told(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    await previewed(bot)
    monkeypatch.setattr(SqlStore, "reasons", lambda *_: ())
    assert "grouped anew since. Send /preview again" in (await bot.press("Why 1"))[1]


# ---------------------------------------------------------------- the latest first


def memory(numbers: int, gone: Callable[[int], bool] = lambda _: False) -> MemoryStore:
    """A store of so many articles, some of them deleted."""
    store = MemoryStore()
    store.add_feed(FeedSpec("https://a.example/feed"), at=NOW, actor="cli")
    fill(store, *(article(n, f"News {n}", "Text.") for n in range(numbers)))
    for number in [n for n in store._articles if gone(n)]:
        del store._articles[number]
    return store


def read(latest: Latest, size: int = 10) -> list[int]:
    """The numbers of all articles, in the order in which they come."""
    found: list[int] = []
    while some := latest.stored(0, size):
        found += [one.id for one in some]
    return found


@pytest.mark.parametrize(
    "gone",
    [lambda n: False, lambda n: n % 3 == 0, lambda n: 11 < n < 47, lambda n: n > 30,
     lambda n: n < 40, lambda n: n not in (1, 60), lambda n: True],
    ids=["whole", "sparse", "hole", "end", "begin", "ends-only", "empty"],
)  # fmt: skip
def test_all_articles_come_once_the_latest_batch_first(gone: Callable[[int], bool]) -> None:
    store = memory(60, gone)
    latest = Latest(store)
    found = read(latest)
    assert sorted(found) == sorted(store._articles)
    assert not latest.is_cut
    batches = [found[at : at + 10] for at in range(0, len(found), 10)]
    if gone(2) is False and not gone(30) and not gone(60):
        assert batches[0] == sorted(store._articles)[-len(batches[0]) :]


@pytest.mark.parametrize(("most", "cut"), [(7, True), (20, True), (30, False), (99, False)])
def test_only_so_many_of_the_latest_come(most: int, cut: bool) -> None:
    latest = Latest(memory(30), most=most)
    assert sorted(read(latest)) == list(range(31 - min(most, 30), 31))
    assert latest.is_cut is cut


def test_reading_ends_with_the_time_or_when_it_is_told_to() -> None:
    store = memory(30)
    late = Latest(store, until=0.0)
    assert read(late) == []
    assert late.is_cut
    latest = Latest(store)
    assert latest.stored(0, 10)
    latest.stopped = True
    assert read(latest) == []
    assert latest.is_cut


def test_rehearsal_reads_what_comes_so() -> None:
    store = memory(30)
    found = rehearse(Latest(store, most=25), _matcher(), _matcher())  # type: ignore[arg-type]
    assert (found.judged, found.changed) == (25, 0)
