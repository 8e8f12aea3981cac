"""An exported article has the agreed keys, times in UTC, and no formula for a spreadsheet."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

import config
from bot.exporting import KEYS, csv_cell, row
from watchers.model import Match
from watchers.outlets import parse_outlets
from watchers.telling import Exported

OUTLETS = parse_outlets(config.shipped_outlets(), "outlets.toml")
REASON = Match("ebrahim-raisi", "official", "title", "Raisi", 3, 8, "surname in context", 1.0)
ARTICLE = Exported(
    url="https://www.amnesty.org/en/x?utm_source=t",
    canonical_url="https://amnesty.org/en/x",
    title="A title",
    published=None,
    first_seen=datetime(2026, 7, 30, 12, 0, 0, 5, tzinfo=UTC),
    feed="https://feed.example/",
    feed_kind="query",
    language="en",
    relevant=True,
    officials=("ebrahim-raisi",),
    people=(),
    topics=("massacre-1988",),
    story="s1",
    duplicate_of=None,
    also=("https://amnesty.org/en/y",),
    first_published=datetime(2026, 7, 29, tzinfo=UTC),
    updates=({"at": "2026-07-30T12:00:00Z", "fields": ["title"]},),
    reasons=(REASON,),
    text="The text.",
    watchlist="1+ab",
)


def test_the_keys_are_those_agreed_in_their_order() -> None:
    assert tuple(row(ARTICLE, OUTLETS)) == KEYS == (
        "url", "canonical_url", "title", "published", "first_seen", "feed", "outlet", "outlet_kind",
        "language", "relevant", "officials", "people", "topics", "story", "duplicate_of", "also",
        "first_published", "updates", "reasons",
    )  # fmt: skip


def test_times_are_utc_with_z_and_unknown_ones_null() -> None:
    values = row(ARTICLE, OUTLETS)
    assert values["first_seen"] == "2026-07-30T12:00:00.000005Z"
    assert values["first_published"] == "2026-07-29T00:00:00Z"
    assert values["published"] is None


def test_a_known_outlet_outweighs_the_feed() -> None:
    values = row(ARTICLE, OUTLETS)
    assert values["outlet"] == "Amnesty International"
    assert values["outlet_kind"] == "human-rights"


def test_an_unknown_outlet_is_its_host_and_the_feeds_kind() -> None:
    values = row(replace(ARTICLE, canonical_url="https://small.example/x"), OUTLETS)
    assert (values["outlet"], values["outlet_kind"]) == ("small.example", "query")


def test_reasons_have_the_agreed_keys() -> None:
    assert row(ARTICLE, OUTLETS)["reasons"] == [
        {
            "subject": "ebrahim-raisi", "field": "title", "alias": "Raisi", "start": 3, "end": 8,
            "rule": "surname in context", "score": 1.0, "sentence": "A title", "watchlist": "1+ab",
        }
    ]  # fmt: skip


def test_the_sentence_of_a_reason_is_cut_out_of_its_field() -> None:
    text = "It was cold. Then Raisi spoke. He left."
    match = replace(REASON, field="text", start=18, end=23)
    article = replace(ARTICLE, text=text, reasons=(match, REASON))
    reasons = row(article, OUTLETS)["reasons"]
    assert isinstance(reasons, list)
    assert [reason["sentence"] for reason in reasons] == ["Then Raisi spoke.", "A title"]


def test_a_row_is_json() -> None:
    assert json.loads(json.dumps(row(ARTICLE, OUTLETS)))["also"] == ["https://amnesty.org/en/y"]


CELLS: dict[str, tuple[object, object]] = {
    "text": ("A title", "A title"),
    "nothing": (None, ""),
    "truth": (True, True),
    "list": (["a", "ب"], '["a", "ب"]'),
    "empty list": ([], "[]"),
    "formula": ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
    "plus": ("+1", "'+1"),
    "minus": ("-1", "'-1"),
    "at": ("@SUM(1)", "'@SUM(1)"),
    "tab": ("\t=1", "'\t=1"),
    "return": ("\r=1", "'\r=1"),
    "sign inside": ("a=1", "a=1"),
}


@pytest.mark.parametrize(("value", "cell"), CELLS.values(), ids=CELLS)
def test_no_cell_is_run_by_a_spreadsheet(value: object, cell: object) -> None:
    assert csv_cell(value) == cell
