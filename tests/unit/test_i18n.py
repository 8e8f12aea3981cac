"""Every message has its words in every language, with its figures in their place."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

import bot
from bot.access import REASONS
from bot.commands import router
from bot.commands.table import allowed
from bot.i18n import _KINDS, LANGUAGES, catalogue

ROOT = Path(bot.__file__).parent
NOW = datetime(2026, 3, 20, 22, 5, tzinfo=UTC)  # in Tehran the first day of 1405


def _used() -> set[str]:
    """Messages given to `text` and `plural` of a catalogue, the names of outlet kinds, and what
    menus say of the commands of everyone.

    By syntax tree: Babel's extraction does not look into f-strings before Python 3.12.
    """
    found = {*_KINDS.values(), "media", *REASONS}
    found |= {router.SLOWLY, router.OLD, router.ON_IT, router.BROKEN}
    found |= {command.help for command in allowed("").values()}
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                count = {"text": 1, "plural": 1}.get(node.func.attr, 0)
                found |= {
                    argument.value
                    for argument in node.args[:count]
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
                }
    return found


USED = sorted(_used())
TRANSLATED = [language for language in LANGUAGES if language != "en"]


def test_messages_are_found_in_the_code() -> None:
    assert "1988 prison massacre: new reports" in USED
    assert "and %(n)s other outlet" in USED


@pytest.fixture(scope="module", params=TRANSLATED)
def words(request: pytest.FixtureRequest) -> Catalog:
    """All of a language: of digests, and of chats with readers."""
    joint = Catalog(locale=request.param)
    for name in (f"{request.param}.po", f"chat.{request.param}.po"):
        with (ROOT / "locale" / name).open("rb") as file:
            for message in read_po(file, locale=request.param):
                assert message.id not in joint or not message.id, message.id  # one place each
                joint[message.id] = message
    return joint


@pytest.mark.parametrize("message", USED)
def test_every_message_used_is_translated(words: Catalog, message: str) -> None:
    found = words.get(message)
    assert found is not None
    strings = found.string if isinstance(found.string, tuple) else (found.string,)
    assert all(strings)
    assert not found.fuzzy


def test_translations_keep_the_placeholders(words: Catalog) -> None:
    for message in words:
        if not message.id:
            continue
        source = message.id[-1] if isinstance(message.id, (tuple, list)) else message.id
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        for text in strings:
            places = re.findall(r"%\(\w+\)s", str(text))
            assert sorted(places) == sorted(re.findall(r"%\(\w+\)s", source)), text


def test_no_translation_is_left_over(words: Catalog) -> None:
    ids = {m.id[0] if isinstance(m.id, (tuple, list)) else m.id for m in words if m.id}
    assert ids <= set(USED)


DAYS = {
    "en": ("Europe/Berlin", "20 March 2026"),
    "fr": ("Europe/Paris", "20 mars 2026"),
    "fa": ("Asia/Tehran", "۱ فروردین ۱۴۰۵"),
}


@pytest.mark.parametrize(("language", "zone", "day"), [(k, *v) for k, v in DAYS.items()], ids=DAYS)
def test_days_are_in_the_readers_zone_and_calendar(language: str, zone: str, day: str) -> None:
    assert catalogue(language).day(NOW, zone) == day


PLURALS = {
    ("en", 1): "and 1 other outlet",
    ("en", 2): "and 2 other outlets",
    ("fr", 1): "et 1 autre source",
    ("fr", 12): "et 12 autres sources",
    ("fa", 1): "و ۱ منبع دیگر",
    ("fa", 12): "و ۱۲ منبع دیگر",
}


@pytest.mark.parametrize(("which", "text"), PLURALS.items(), ids=str)
def test_numbers_have_their_form_and_digits(which: tuple[str, int], text: str) -> None:
    language, n = which
    made = catalogue(language).plural("and %(n)s other outlet", "and %(n)s other outlets", n)
    assert made == text


LATER = datetime(2026, 3, 21, 6, 5, tzinfo=UTC)
ENDS = {
    "one day, in Persian": ("fa", "Asia/Tehran", "۱ فروردین ۱۴۰۵، ۰۱:۳۵ تا ۰۹:۳۵ (به وقت تهران)"),
    "a zone without a Persian name": (
        "fa",
        "Asia/Kolkata",
        "۱ فروردین ۱۴۰۵، ۰۳:۳۵ تا ۱۱:۳۵ (\u2068Asia/Kolkata\u2069)",
    ),
    "two days": (
        "en",
        "Europe/Berlin",
        "20 March 2026 23:05 – 21 March 2026 07:05 (\u2068Europe/Berlin\u2069)",
    ),
    "one day": ("fr", "Asia/Tehran", "21 mars 2026 01:35–09:35 (\u2068Asia/Tehran\u2069)"),
}


@pytest.mark.parametrize(("language", "zone", "text"), ENDS.values(), ids=ENDS)
def test_a_span_has_clock_times_and_the_zone(language: str, zone: str, text: str) -> None:
    assert catalogue(language).span(NOW, LATER, zone) == text


def test_a_moment_has_its_clock_time_and_the_zone() -> None:
    assert catalogue("en").moment(NOW, "UTC") == "20 March 2026 22:05 (\u2068UTC\u2069)"
    text = catalogue("fa").moment(NOW, "Asia/Tehran")
    assert text == "۱ فروردین ۱۴۰۵، ۰۱:۳۵ (به وقت تهران)"


ENDS_OF_TIME = (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC))


@pytest.mark.parametrize("time", ENDS_OF_TIME, ids=["first", "last"])
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tehran"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_ends_of_the_calendar_are_dates_too(time: datetime, zone: str, language: str) -> None:
    assert catalogue(language).day(time, zone)


@pytest.mark.parametrize("language", ["xx", "", "de", "../en"])
def test_an_unknown_language_is_english(language: str) -> None:
    assert catalogue(language).language == "en"
    assert catalogue(language).text("updated") == "updated"


def test_an_unknown_message_is_itself() -> None:
    assert catalogue("fa").text("not translated") == "not translated"


def test_states_and_parties_are_always_called_that() -> None:
    assert catalogue("en").kind("state") == "state media"
    assert catalogue("en").kind("advocacy") == "advocacy"
    assert catalogue("en").kind("unheard-of") == "media"
