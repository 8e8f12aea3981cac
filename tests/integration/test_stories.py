"""Stories by chat and at the shell: looked at, merged, split; invented news."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot import jobs, sender
from bot.app import open_database
from bot.commands import stories
from config.settings import load
from tests.integration.test_feed_commands import ADMIN, STRANGER, Bot
from tests.integration.test_feed_commands import _running as running
from tests.integration.test_watch_commands import article, fill
from tests.journey.harness import CommandLine, Kept, environment, inline, logging_as_it_was
from tests.standin import BotApiStandin
from tests.standin.rules import MAX_CALLBACK_BYTES
from watchers.model import Grouping
from watchers.ports import Store
from watchers.stories import story_name

NOW = datetime.now(UTC).replace(microsecond=0)
_TLS = cache(ssl.create_default_context)
TITLES = (
    "Witnesses speak of Iran's 1988 prison massacre in Bergen",
    "Bergen hears witnesses of the 1988 prison massacre of Iran",
    "Iran 1988 massacre: archive of letters opens in Oslo",
    "بایگانی نامه‌های کشتار زندانیان سیاسی ۱۳۶۷ در اسلو",
)
TEXT = "The 1988 massacre of political prisoners in Iran was remembered, number {}."


def url(number: int) -> str:
    return f"https://paper{number % 3}.example/{number}"


def grouped(store: Store) -> None:
    """Two stories: s-bergen with 1, its copy 2 and 5, which does not belong; s-oslo with 3, 4."""
    titles = (*TITLES, "Iran 1988 massacre: a play in Trondheim")
    fill(store, *(article(n, t, TEXT.format(n)) for n, t in enumerate(titles, 1)))
    ids = {one.canonical_url: one.id for one in store.unsettled(10)}
    numbers = {n: ids[url(n)] for n in range(1, 6)}
    groupings = {
        1: (None, "s-bergen"), 2: (numbers[1], "s-bergen"), 3: (None, "s-oslo"),
        4: (None, "s-oslo"), 5: (None, "s-bergen"),
    }  # fmt: skip
    for n, (first, story) in groupings.items():
        store.save_groupings([Grouping(numbers[n], first, story, f"reason {n}")])


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: Kept) -> None:
    """An admin, a channel, two stories."""
    ours = {"DADKHAH_ADMINS": str(ADMIN), "DADKHAH_CHANNEL": "@reports"}
    for name, value in (environment(tmp_path) | ours).items():
        monkeypatch.setenv(name, value)

    def make() -> None:
        store = open_database(load(folder=Path("/nonexistent")))
        grouped(store)
        store.close()

    kept("stories", tmp_path / "data", make)


@pytest.fixture
async def bot(two: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
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


async def where(bot: Bot) -> list[str | None]:
    """The stories of the articles 1 to 5."""
    found = {one.canonical_url: one.story for one in await bot.store(lambda s: list(s.export()))}
    return [found[url(n)] for n in range(1, 6)]


BEFORE = ["s-bergen", "s-bergen", "s-oslo", "s-oslo", "s-bergen"]


async def changes(bot: Bot) -> list[str]:
    audit = await bot.store(lambda s: s.audit())
    return [record.action for record in audit if record.action.startswith("story")]


# ---------------------------------------------------------------- looking


async def test_a_story_is_shown_with_outlets_dates_copies_and_reasons(bot: Bot) -> None:
    said = await bot.ask("/story s-bergen")
    day = f"{NOW - timedelta(hours=1):%Y-%m-%d %H:%M} UTC"
    for part in ("Story s-bergen\n3 articles (1 of them a copy), 2 outlets, ", "Not told yet.",
                 f". {TITLES[0]}\n   paper1.example (", f"), {day}", "Why: reason 1",
                 "   Copy ", ": paper2.example (", ": reason 2", url(1)):  # fmt: skip
        assert part in said
    assert TITLES[1] not in said  # a copy's headline is not another's
    assert await bot.ask(f"/story {url(4)}?utm_source=x") == await bot.ask("/story s-oslo")
    assert f"\u2068{TITLES[3]}\u2069" in await bot.ask("/story s-oslo")


WRONG = {
    "/story": "Usage: /story ID",
    "/story a b": "Usage: /story ID",
    "/story s-nowhere": "No story has the id 's-nowhere', no article that address or number.",
    f"/story {'x' * 3_000}": "Give a story's id",
    "/merge s-oslo": "Usage: /merge STORY STORY",
    "/merge s-oslo s-oslo": "Both are the story s-oslo already",
    f"/merge s-oslo {url(3)}": "Both are the story s-oslo already",
    "/merge s-oslo 4711": "No story has the id '4711'",
    "/split s-oslo": "Usage: /split STORY URL...",
    f"/split s-oslo {url(1)}": "is not in the story s-oslo",
    f"/split s-oslo {url(3)} {url(4)}": "nothing would stay in it",
    "/split s-oslo https://nobody.example/": "No story has the id 'https://nobody.example/'",
}


@pytest.mark.parametrize(("order", "said"), WRONG.items(), ids=range(len(WRONG)))
async def test_orders_that_cannot_be_say_why(bot: Bot, order: str, said: str) -> None:
    assert said in await bot.ask(order)
    assert not bot.buttons
    assert await where(bot) == BEFORE
    assert not await changes(bot)


async def test_strangers_see_and_change_nothing(bot: Bot) -> None:
    for order in ("/story s-oslo", "/merge s-oslo s-bergen", f"/split s-bergen {url(5)}"):
        assert "for admins" in await bot.ask(order, STRANGER)
    await bot.ask("/merge s-oslo s-bergen")
    popped, _ = await bot.press("Merge them", STRANGER)
    assert "for admins" in popped
    assert await where(bot) == BEFORE


async def test_the_why_of_a_preview_names_the_story(bot: Bot) -> None:
    before = len(bot.telegram.texts(ADMIN))
    bot.telegram.message(ADMIN, "/preview")
    await bot.telegram.until(lambda: bool(bot.telegram.texts(ADMIN)[before:]) and bool(bot.buttons))
    why = [(await bot.press(label))[1] for label in ("Why 1",)]
    assert "\nStory s-" in why[0]
    assert "shows all of it." in why[0]


# ---------------------------------------------------------------- changing


async def test_a_merge_is_shown_first_and_done_by_a_button_once(bot: Bot) -> None:
    said = await bot.ask(f"/merge s-bergen {url(4)}")
    for part in ("These two become one story, s-bergen, which began first.", TITLES[0], TITLES[3],
                 "Story s-oslo: 2 articles, 2 outlets, ", "paper0.example", ", and 1 copy\n",
                 "Nothing was changed yet."):  # fmt: skip
        assert part in said
    assert list(bot.buttons) == ["Merge them", "Cancel"]
    assert all(len(data.encode()) <= MAX_CALLBACK_BYTES for data in bot.buttons.values())
    assert await where(bot) == BEFORE
    message, pressed = bot.telegram.sent[-1], bot.buttons["Merge them"]
    _, done = await bot.press("Merge them")
    assert "Done. Both are the story s-bergen now." in done
    assert message.reply_markup is None
    assert set(await where(bot)) == {"s-bergen"}
    count = len(bot.telegram.texts(ADMIN))
    bot.telegram.callback(ADMIN, pressed, message.id)  # as a double tap
    await bot.telegram.until(lambda: len(bot.telegram.texts(ADMIN)) > count)
    assert "done already. This press changed nothing" in bot.telegram.texts(ADMIN)[-1]
    assert await changes(bot) == ["story.merge"]
    assert (await bot.store(lambda s: s.audit()))[0].actor == str(ADMIN)


async def test_a_split_is_shown_first_and_done_by_a_button(bot: Bot) -> None:
    said = await bot.ask(f"/split s-bergen {url(5)}")
    leave, stay = said.split("In it would stay:")
    assert "1 article would leave the story s-bergen" in leave
    assert ("Trondheim" in leave, "Trondheim" in stay) == (True, False)
    assert (TITLES[0] in leave, TITLES[0] in stay) == (False, True)
    _, done = await bot.press("Split it")
    new = story_name(url(5))
    assert f"Done. The story {new} has 1 article that left s-bergen." in done
    assert await where(bot) == [*BEFORE[:4], new]
    assert await changes(bot) == ["story.split"]


async def test_a_copy_and_its_first_leave_together(bot: Bot) -> None:
    assert "2 articles would leave" in await bot.ask(f"/split s-bergen {url(2)}")
    await bot.press("Split it")
    assert await where(bot) == [story_name(url(1))] * 2 + ["s-oslo", "s-oslo", "s-bergen"]


@pytest.mark.parametrize("order", ["/merge s-oslo s-bergen", f"/split s-bergen {url(5)}"])
async def test_what_is_cancelled_changes_nothing(bot: Bot, order: str) -> None:
    await bot.ask(order)
    label = next(label for label in bot.buttons if label != "Cancel")
    pressed, message = bot.buttons[label], bot.telegram.sent[-1]
    assert (await bot.press("Cancel"))[1] == "Cancelled. Nothing was changed."
    count = len(bot.telegram.texts(ADMIN))
    bot.telegram.callback(ADMIN, pressed, message.id)
    await bot.telegram.until(lambda: len(bot.telegram.texts(ADMIN)) > count)
    assert "was cancelled. This press changed nothing" in bot.telegram.texts(ADMIN)[-1]
    assert await where(bot) == BEFORE


async def test_a_story_that_was_merged_meanwhile_is_looked_at_again(bot: Bot) -> None:
    await bot.store(lambda s: s.split_story("s-bergen", [url(5)], at=NOW, actor="cli"))
    third = story_name(url(5))
    await bot.ask(f"/merge s-oslo {third}")
    await bot.store(lambda s: s.merge_stories(third, "s-bergen", at=NOW, actor="cli"))
    before = await where(bot)
    _, said = await bot.press("Merge them")
    assert "merged meanwhile. Nothing was changed; look at it again." in said
    assert await where(bot) == before


async def test_articles_that_left_meanwhile_are_not_split_off(bot: Bot) -> None:
    await bot.ask(f"/split s-bergen {url(5)}")
    await bot.store(lambda s: s.split_story("s-bergen", [url(5)], at=NOW, actor="cli"))
    _, said = await bot.press("Split it")
    assert "Nothing was changed; look at it again." in said
    assert await changes(bot) == ["story.split"]


@pytest.mark.parametrize("data", ["story:", "story:x:do", "story::", "story:x:y:z", "story:\u0661"])
async def test_old_and_invented_buttons_are_refused(bot: Bot, data: str) -> None:
    await bot.ask("/merge s-oslo s-bergen")
    count = len(bot.telegram.texts(ADMIN))
    bot.telegram.callback(ADMIN, data, bot.telegram.sent[-1].id)
    await bot.telegram.until(lambda: len(bot.telegram.texts(ADMIN)) > count)
    assert "This button is old" in bot.telegram.texts(ADMIN)[-1]
    assert await where(bot) == BEFORE


async def test_a_long_story_is_told_in_part(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stories, "_ARTICLES", 1)
    assert (await bot.ask("/story s-oslo")).endswith("and 1 more article")


# ---------------------------------------------------------------- at the shell


@pytest.fixture
def shell(dadkhah: CommandLine, two: None) -> CommandLine:
    """The command line on the two stories."""
    return dadkhah


def shown(shell: CommandLine, ref: str) -> Any:
    said = shell("stories", "show", ref, "--json")
    assert said.code == 0, said.err
    return json.loads(said.out)


def test_a_story_is_shown_as_json_with_its_keys(shell: CommandLine) -> None:
    found = shown(shell, url(1))
    assert list(found) == ["story", "began", "told", "articles", "more"]
    assert (found["story"], found["told"], found["more"]) == ("s-bergen", [], 0)
    one, copy, _ = sorted(found["articles"], key=lambda article: article["url"][-1])
    assert list(one) == [
        "id", "url", "title", "outlet", "outlet_kind", "language", "published", "first_seen",
        "copy_of", "reason", "pinned",
    ]  # fmt: skip
    assert (one["title"], one["outlet"], one["copy_of"]) == (TITLES[0], "paper1.example", None)
    assert (copy["copy_of"], copy["reason"], copy["pinned"]) == (one["id"], "reason 2", False)
    assert one["published"].endswith("Z")


def test_a_story_is_shown_to_people(shell: CommandLine) -> None:
    said = shell("stories", "show", "s-oslo")
    assert said.out.startswith("Story s-oslo\n2 articles, 2 outlets, ")
    assert TITLES[2] in said.out
    assert "Why: reason 3" in said.out


def test_stories_are_merged_and_split(shell: CommandLine) -> None:
    assert shell("stories", "merge", "s-oslo", url(1)).out == "Both are the story s-bergen now.\n"
    assert len(shown(shell, "s-oslo")["articles"]) == 5
    number = next(a["id"] for a in shown(shell, "s-oslo")["articles"] if a["url"] == url(3))
    new = story_name(url(3))
    said = shell("stories", "split", "s-bergen", str(number))
    assert (said.code, said.out) == (0, f"They are the story {new} now.\n")
    assert [a["url"] for a in shown(shell, new)["articles"]] == [url(3)]
    audit = [json.loads(line) for line in shell("audit", "--json").out.splitlines()]
    assert [(r["actor"], r["action"]) for r in audit[:2]] == [
        ("cli", "story.split"),
        ("cli", "story.merge"),
    ]


FAILS = {
    "unknown": ("show", "s-nowhere"),
    "empty": ("show", ""),
    "itself": ("merge", "s-oslo", "s-oslo"),
    "all": ("split", "s-oslo", url(3), url(4)),
}


@pytest.mark.parametrize("arguments", FAILS.values(), ids=FAILS)
def test_what_cannot_be_ends_with_a_sentence_and_1(
    shell: CommandLine, arguments: tuple[str, ...]
) -> None:
    said = shell("stories", *arguments)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1


async def test_a_split_story_is_told_in_two_lines(bot: Bot) -> None:
    await bot.store(lambda s: s.split_story("s-bergen", [url(5)], at=NOW, actor="cli"))
    channel = await bot.store(lambda s: s.channel("@reports"))
    built = await jobs.build(bot.program, channel, datetime.now(UTC))
    assert set(built.subjects) == {"s-bergen", "s-oslo", story_name(url(5))}
