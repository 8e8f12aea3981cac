"""Reports on one event are one story; another event of the same subject is another."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

import config
from watchers.cluster import Clusterer, story_id
from watchers.concepts import parse_concepts
from watchers.dedupe import fingerprint
from watchers.model import Grouped

NOW = datetime(2026, 7, 30, 12, tzinfo=UTC)


@cache
def clusterer() -> Clusterer:
    return Clusterer(parse_concepts(config.shipped_concepts(), "concepts.toml"))


def article(
    number: int,
    title: str,
    text: str,
    *,
    hours: float = 0,
    story: str | None = None,
    language: str | None = "en",
    outlet: str = "news.example",
    officials: tuple[str, ...] = (),
) -> Grouped:
    return Grouped(
        id=number,
        canonical_url=f"https://{outlet}/{number}",
        title=title,
        text=text,
        published=NOW + timedelta(hours=hours),
        first_seen=NOW,
        language=language,
        relevant=True,
        officials=officials,
        fingerprint=fingerprint(title, text, close=True),
        story=story,
    )


TRIAL = article(
    1,
    "Stockholm court hears three survivors of Gohardasht",
    "Three survivors of Gohardasht told the Stockholm district court on Tuesday how they were led "
    "blindfolded along a corridor, the prosecutor Kristina Lindhoff asking about dates and guards.",
    story="strial",
)
SAME_EVENT = article(
    2,
    "Survivors of Gohardasht tell Stockholm court of the corridor",
    "Blindfolded and led along a corridor: three survivors of Gohardasht answered the prosecutor "
    "Kristina Lindhoff in the Stockholm district court on Tuesday about guards and dates.",
    hours=5,
)
OTHER_EVENT = article(
    3,
    "Bulldozers level graves at Khavaran overnight",
    "Neighbours in the east of Tehran filmed machines that levelled unmarked graves overnight, and "
    "mothers who came to lay flowers found a new concrete wall.",
    hours=5,
)


def test_two_reports_on_one_event_are_close() -> None:
    assert clusterer().closeness(TRIAL, SAME_EVENT) >= 1.0


def test_reports_on_two_events_are_not() -> None:
    assert clusterer().closeness(TRIAL, OTHER_EVENT) < 1.0


def test_closeness_does_not_depend_on_the_order() -> None:
    one = clusterer().closeness(TRIAL, SAME_EVENT)
    assert one == pytest.approx(clusterer().closeness(SAME_EVENT, TRIAL))


def test_what_lies_days_apart_is_less_close() -> None:
    later = replace(SAME_EVENT, published=NOW + timedelta(days=4))
    assert clusterer().closeness(TRIAL, later) < clusterer().closeness(TRIAL, SAME_EVENT)


def test_a_report_joins_the_closest_story() -> None:
    graves = replace(OTHER_EVENT, story="sgraves")
    story, reason = clusterer().story_of(SAME_EVENT, [graves, TRIAL])
    assert story == "strial"
    assert "strial" in reason


def test_another_event_begins_a_story_of_its_own() -> None:
    story, reason = clusterer().story_of(OTHER_EVENT, [TRIAL])
    assert (story, reason) == (story_id(OTHER_EVENT), "first of its story")


@pytest.mark.parametrize(
    "candidates",
    [[], [SAME_EVENT], [replace(TRIAL, story=None)]],
    ids=["none", "itself", "without a story"],
)
def test_without_a_settled_story_nearby_it_begins_one(candidates: list[Grouped]) -> None:
    assert clusterer().story_of(SAME_EVENT, candidates)[0] == story_id(SAME_EVENT)


def test_a_storys_name_comes_from_its_first_address_alone() -> None:
    later = replace(TRIAL, id=99, title="Another title", first_seen=NOW)
    assert story_id(later) == story_id(TRIAL) != story_id(OTHER_EVENT)
    assert story_id(TRIAL).isalnum()


def test_a_yearly_statement_in_the_same_words_begins_a_story_of_its_own() -> None:
    next_year = replace(TRIAL, id=99, canonical_url="https://other.example/next-year")
    assert story_id(next_year) != story_id(TRIAL)


# ---------------------------------------------------------------- across languages

TRIAL_IN_FRENCH = article(
    11,
    "Stockholm : trois rescapés de Gohardasht racontent le couloir",
    "Les yeux bandés, conduits le long d'un couloir : trois rescapés ont répondu mardi à la "
    "procureure devant le tribunal, qui les interrogeait sur les gardiens.",
    hours=9,
    language="fr",
)
TRIAL_IN_PERSIAN = article(
    12,
    "سه بازماندهٔ گوهردشت در دادگاه استکهلم از راهرو گفتند",
    "سه بازمانده روز سه‌شنبه در دادگاه استکهلم به دادستان گفتند که با چشم‌بند از راهرو گذشتند و "
    "نگهبانان نامشان را خواندند.",
    hours=20,
    language="fa",
)
VOTE_IN_NORWAY = article(
    13,
    "Norwegian parliament votes for a resolution on the 1988 executions",
    "Lawmakers in Oslo adopted the resolution by 91 votes to 12 and called the killings a crime "
    "against humanity.",
)
VOTE_IN_NORWAY_IN_ARABIC = article(
    14,
    "البرلمان النرويجي يصوت على قرار بشأن إعدامات 1988",
    "اعتمد النواب في أوسلو القرار بأغلبية 91 صوتاً ووصفوا ما جرى بأنه جريمة ضد الإنسانية.",
    hours=12,
    language="ar",
)
VOTE_IN_IRELAND = article(
    15,
    "Irish parliament votes for a resolution on the 1988 executions",
    "Lawmakers in Dublin adopted the resolution by 88 votes to 20 and called the killings a crime "
    "against humanity.",
    hours=12,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TRIAL, TRIAL_IN_FRENCH),
        (TRIAL, TRIAL_IN_PERSIAN),
        (TRIAL_IN_FRENCH, TRIAL_IN_PERSIAN),
        (VOTE_IN_NORWAY, VOTE_IN_NORWAY_IN_ARABIC),
    ],
    ids=["English and French", "English and Persian", "French and Persian", "English and Arabic"],
)
def test_reports_on_one_event_are_close_in_any_languages(one: Grouped, other: Grouped) -> None:
    assert clusterer().closeness(one, other) >= 1.0
    assert clusterer().closeness(one, other) == clusterer().closeness(other, one)


@pytest.mark.parametrize("other", [VOTE_IN_NORWAY, VOTE_IN_NORWAY_IN_ARABIC], ids=["en", "ar"])
def test_another_countrys_vote_in_the_same_words_is_another_event(other: Grouped) -> None:
    assert clusterer().closeness(VOTE_IN_IRELAND, other) < 1.0


def march(number: int, city: str, language: str = "de") -> Grouped:
    return article(
        number,
        f"Schweigemarsch in {city} für die Opfer von 1988",
        f"In {city} sind Angehörige schweigend durch die Stadt gezogen und haben Kerzen und die "
        "Namen der Hingerichteten zum Rathaus getragen.",
        language=language,
        outlet=f"{number}.example",
    )


def test_two_marches_in_two_cities_of_one_country_are_two_events() -> None:
    assert clusterer().closeness(march(21, "Bremen"), march(22, "Dresden")) < 1.0
    assert clusterer().closeness(march(21, "Bremen"), march(22, "Bremen")) >= 1.0


def test_a_city_and_its_country_are_no_two_places() -> None:
    in_city = march(23, "Bremen")
    in_country = replace(march(24, "Bremen"), title="Schweigemarsch in Deutschland für die Opfer")
    elsewhere = replace(in_country, title="Schweigemarsch in Österreich für die Opfer")
    close = clusterer().closeness(in_city, in_country)
    assert close > clusterer().closeness(in_city, elsewhere) + 1.0


def in_city(number: int, title: str, text: str, *, hours: float = 0) -> Grouped:
    return article(number, title, text, hours=hours, outlet=f"{number}.example")


def test_two_events_in_one_city_in_one_week_are_two_events() -> None:
    arrest = in_city(
        25,
        "Former prison guard arrested in Hamburg",
        "Police in Hamburg arrested a man who is accused of having been a guard in 1988.",
    )
    rally = in_city(
        26,
        "Hamburg: candles for the dead of 1988",
        "In Hamburg a choir sang, and flowers were laid for the dead of 1988.",
        hours=20,
    )
    custody = in_city(
        27,
        "Judge in Hamburg keeps guard in custody",
        "The guard arrested in Germany stays in custody, a court in Hamburg said.",
        hours=30,
    )
    assert closeness(arrest, rally) < 1.0
    assert closeness(rally, custody) < 1.0
    assert closeness(arrest, custody) >= 1.0


def test_a_figure_of_the_text_alone_makes_no_event() -> None:
    count = in_city(28, "Weekly count of visits to the graves", "This week there were 43 visits.")
    other = in_city(29, "What a daughter remembers", "The book has 43 pages.", hours=2)
    same = in_city(30, "Fewer visits to the graves", "They counted 43 visits.", hours=2)
    assert closeness(count, other) < 1.0 <= closeness(count, same)


def test_a_figure_that_both_titles_have_says_more_than_one_of_the_texts() -> None:
    titled = [in_city(n, "4463 candles at the museum", "") for n in (71, 72)]
    texts = [in_city(n, "Candles at the museum", "4463 of them") for n in (73, 74)]
    assert closeness(titled[0], replace(titled[1], title="4463: the museum")) > closeness(
        texts[0], replace(texts[1], title="The museum")
    )


def test_titles_in_the_same_words_with_another_place_are_a_form() -> None:
    def call(number: int, city: str, more: str = "") -> Grouped:
        text = (
            "Relatives ask the council to support an inquiry, to open the archives and to refuse "
            f"visas. They bring lanterns at 18 o'clock. {more}"
        )
        return in_city(number, f"Rights group of {city} calls for a vigil for 1988", text)

    assert closeness(call(81, "Lyon"), call(82, "Lille")) == 0.0
    assert closeness(call(81, "Lyon"), call(83, "Lyon", "Again.")) >= 1.0


# ---------------------------------------------------------------- what is shared


def shared_title(number: int, title: str, *, officials: tuple[str, ...] = ()) -> Grouped:
    return article(number, title, "", outlet=f"{number}.example", officials=officials)


def closeness(one: Grouped, other: Grouped) -> float:
    return clusterer().closeness(one, other)


def test_a_rare_figure_says_more_than_a_year() -> None:
    def pair(figure: str) -> float:
        left = shared_title(31, f"{figure}: a museum opens its exhibition")
        return closeness(left, shared_title(32, f"{figure}: candles at the museum"))

    assert pair("4463") > pair("2019") > pair("no figure")


def test_a_figure_in_words_is_the_figure_in_any_language() -> None:
    english = shared_title(33, "Sixteen women speak")
    spanish = replace(shared_title(34, "Dieciséis mujeres hablan"), language="es")
    digits = replace(shared_title(35, "16 femmes parlent"), language="fr")
    other = replace(shared_title(36, "17 femmes parlent"), language="fr")
    assert "16" in clusterer().shared(english, spanish)
    assert closeness(english, digits) > closeness(english, other)


def test_an_official_who_is_rarely_named_says_more_than_one_who_always_is() -> None:
    def pair(official: str) -> float:
        left = shared_title(37, "A museum opens", officials=(official,))
        return closeness(left, shared_title(38, "A visa is refused", officials=(official,)))

    assert pair("asadollah-lajevardi") > pair("mostafa-pourmohammadi") > 0.0


def test_people_of_other_kinds_count_as_officials_do() -> None:
    left, right = shared_title(39, "A museum opens"), shared_title(40, "A visa is refused")
    with_people = [replace(one, people=("somebody",)) for one in (left, right)]
    assert closeness(*with_people) > closeness(left, right)


def test_what_the_title_says_weighs_more_than_what_the_end_says() -> None:
    filler = "they said so again and again " * 15
    early = article(41, "Bulldozers at the cemetery", "")
    late = article(42, "They said so", f"{filler} bulldozers at the cemetery")
    assert closeness(early, replace(early, id=43)) > closeness(early, late)


def test_a_long_text_counts_by_its_beginning_alone() -> None:
    long = replace(TRIAL, text=TRIAL.text + " padding" * 400)
    assert closeness(SAME_EVENT, long) == closeness(
        SAME_EVENT, replace(long, text=long.text + " exhibition in Geneva" * 100_000)
    )


def test_two_texts_that_name_nothing_are_not_close() -> None:
    assert closeness(shared_title(44, "One thing"), shared_title(45, "Another thing")) == 0.0
    assert closeness(shared_title(46, ""), shared_title(47, "")) == 0.0


# ---------------------------------------------------------------- forms


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("Iran: news in brief", "en"),
        ("Iran kompakt", "de"),
        ("L’Iran en deux minutes", "fr"),
        ("گزیدهٔ خبرهای امروز", "fa"),
        ("حصاد اليوم", "ar"),
        ("خبرها در یک دقیقه", "fa"),
    ],
    ids=["en", "de", "fr", "fa", "ar", "in a minute"],
)
def test_a_round_up_is_close_to_nothing(title: str, language: str) -> None:
    one = replace(TRIAL_IN_FRENCH, title=title, language=language, story="sroundup")
    for report in (TRIAL, TRIAL_IN_FRENCH, TRIAL_IN_PERSIAN):
        assert closeness(one, report) == 0.0
    assert clusterer().story_of(TRIAL_IN_FRENCH, [one])[1] == "first of its story"


@pytest.mark.parametrize(
    "title",
    ["Sweden tries a guard today", "Live: three survivors speak", "Iran hangs prisoners"],
)
def test_a_title_that_names_an_event_is_none(title: str) -> None:
    assert closeness(replace(TRIAL, id=51, title=title), TRIAL) > 0.0


def test_the_next_number_of_an_outlets_series_is_another_event() -> None:
    def part(number: int, hours: float, outlet: str = "news.example") -> Grouped:
        title = f"Survivors of Gohardasht: a voice a day, no. {number}"
        return article(number, title, TRIAL.text, hours=hours, outlet=outlet)

    assert closeness(part(61, 0), part(62, 24)) == 0.0
    assert closeness(part(61, 0), part(61, 24, "other.example")) >= 1.0
    assert closeness(part(61, 0), part(62, 2)) >= 1.0  # corrected the same day


# ---------------------------------------------------------------- stories


class Measured(Clusterer):
    """Closeness as the titles say it."""

    def closeness(self, a: Grouped, b: Grouped) -> float:
        """What the candidate's title is."""
        del a
        return float(b.title)


def measured(story: str, *titles: str) -> list[Grouped]:
    start = hash_free_number(story)
    return [replace(TRIAL, id=start + n, title=t, story=story) for n, t in enumerate(titles)]


def hash_free_number(story: str) -> int:
    return 1000 + sum(map(ord, story)) * 10


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        (measured("sa", "1.4"), "sa"),
        (measured("sa", "0.9"), None),
        (measured("sa", "1.4", "0.4"), None),
        (measured("sa", "1.4", "0.7", "0.1", "0.1"), "sa"),
        (measured("sa", "1.9", "0.5") + measured("sb", "1.3", "1.3"), "sb"),
        (measured("sa", "1.3") + measured("sb", "1.3"), "sb"),
    ],
    ids=["one", "too far", "by one chance", "the two closest", "the closer story", "a tie"],
)
def test_a_story_is_as_close_as_its_two_closest_articles(
    candidates: list[Grouped], expected: str | None
) -> None:
    asked = Measured(parse_concepts("", "none"))
    for order in (candidates, candidates[::-1]):
        story, reason = asked.story_of(SAME_EVENT, order)
        assert story == (expected or story_id(SAME_EVENT))
        assert (reason == "first of its story") == (expected is None)


def test_another_threshold_can_be_tried() -> None:
    asked = Measured(parse_concepts("", "none"), join=1.5)
    assert asked.story_of(SAME_EVENT, measured("sa", "1.4"))[0] == story_id(SAME_EVENT)
    assert asked.story_of(SAME_EVENT, measured("sa", "1.5"))[0] == "sa"


def test_the_reason_names_what_both_say() -> None:
    reason = clusterer().story_of(TRIAL_IN_PERSIAN, [TRIAL])[1]
    assert reason.startswith("close to strial (")
    assert {"stockholm", "corridor"} <= set(reason.partition(": ")[2].split(", "))
