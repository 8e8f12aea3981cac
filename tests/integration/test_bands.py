"""The band table holds what the articles' own rows say, whatever was changed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from storage import open_store
from storage.bands import DAYS, period_of
from storage.engine import Mode, make_engine, transaction
from storage.mapping import unpack
from storage.tables import ARTICLE, BAND
from tests.contract.making import DAY, HOUR, NOW, item, old_feed, poll
from watchers.changes import Rejudged
from watchers.keeping import Reprinted
from watchers.ports import Store

Rows = set[tuple[int, int, int]]


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where no database was made yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/a.db"
    return str(request.getfixturevalue("fresh_postgres"))


def rows(url: str) -> tuple[Rows, Rows]:
    """The table, and what should be in it."""
    engine = make_engine(url)
    with transaction(engine, Mode.READ) as connection:
        table = {tuple(row) for row in connection.execute(select(BAND))}
        articles = connection.execute(select(ARTICLE.c.id, ARTICLE.c.time, ARTICLE.c.bands)).all()
    engine.dispose()
    wanted = {
        (period_of(time), band, number)
        for number, time, packed in articles
        for band in unpack(packed, "q")
    }
    return table, wanted


def filled(url: str) -> Store:
    """Two articles with bands, one of them undated, and one without."""
    store = open_store(url, create=True)
    old = NOW - 200 * DAY
    one = item("one", relevant=True, bands=[1, -2], published=old)
    undated = item("undated", relevant=True, bands=[2, 3], published=None)
    store.save_poll(poll(old_feed(store), one, undated, item("plain")))
    return store


def test_bands_are_stored_by_the_period_of_their_article(url: str) -> None:
    filled(url).close()
    table, wanted = rows(url)
    assert table == wanted
    periods = {period_of(NOW), period_of(NOW - 200 * DAY)}
    assert {(period, band) for period, band, _ in table} == {
        (min(periods), 1), (min(periods), -2), (max(periods), 2), (max(periods), 3),
    }  # fmt: skip


def test_they_go_with_an_article_whose_text_and_date_change(url: str) -> None:
    store = filled(url)
    later = NOW - 50 * DAY
    text = "Now 99 people of another place were heard, and the court sat on 4 May."
    dated = item("undated", relevant=True, bands=[8, 9], published=later, text=text)
    store.save_poll(poll(store.feed("1"), dated, at=NOW + HOUR))
    store.close()
    table, wanted = rows(url)
    assert table == wanted
    assert {(period, band) for period, band, _ in table if band > 3} == {
        (period_of(later), 8), (period_of(later), 9),
    }  # fmt: skip


def test_they_are_replaced_by_judging_again_and_by_recomputing(url: str) -> None:
    store = filled(url)
    stored = store.stored(0, 5)
    prints = item("x", bands=[70, 71]).fingerprint
    verdict = replace(item("x", relevant=True).verdict, watchlist="w2")
    store.save_verdicts([Rejudged(a.id, verdict, prints, True, a.text_key) for a in stored[:2]])
    again = replace(prints, version="f2", bands=(80,))
    found, _ = store.outdated("f2", 1)
    store.save_fingerprints([Reprinted(one.id, again, one.text_key) for one in found])
    store.close()
    table, wanted = rows(url)
    assert table == wanted
    assert {(band, number) for _, band, number in table} == {(70, 1), (71, 1), (80, 2), (80, 3)}


@pytest.mark.parametrize(
    "time",
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(9999, 12, 31, tzinfo=UTC),
    ],
    ids=["first", "before 1970", "last"],
)
def test_every_time_has_a_period_and_a_period_is_fifteen_days(time: datetime) -> None:
    assert period_of(time) >= 0
    if time.year < 9999:
        assert period_of(time + timedelta(days=DAYS)) == period_of(time) + 1
