"""Whom an article names and whether it is about 1988, in five languages, with exact reasons."""

from __future__ import annotations

import random
import time
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

import config
from tests.effort import part, takes_its_share
from watchers.folding import fold
from watchers.match import Matcher
from watchers.model import Verdict
from watchers.watchlist import Watchlist, parse_watchlist


@cache
def watchlist() -> Watchlist:
    return parse_watchlist(config.shipped_watchlist(), "watchlist.toml")


@cache
def matcher() -> Matcher:
    return Matcher(watchlist())


def judge(title: str, text: str = "") -> Verdict:
    return matcher().judge(title, text)


# ---------------------------------------------------------------- relevant

RELEVANT = {
    "en: phrase": ("Families remember the 1988 prison massacre in Iran", "They met at Khavaran."),
    "en: year near a killing": ("Iran's prisons", "In 1988 they were hanged at Evin prison."),
    "en: place near remembrance": ("At Khavaran", "Mothers laid flowers at Khavaran cemetery."),
    "fa: phrase": ("اعدام\u200cهای تابستان ۱۳۶۷", ""),
    "fa: joined": ("قتلعام ۱۳۶۷ در زندان", ""),
    "fa: spaced": ("قتل عام زندانیان سیاسی ۶۷", ""),
    "fa: Arabic letters": ("كشتار زندانيان سياسي ۱۳۶۷", ""),
    "fa: Arabic digits": ("کشتار تابستان ١٣٦٧", ""),
    "fa: commission": ("عضو هیئت مرگ سخن گفت", ""),
    "fr: phrase": ("Le massacre de 1988 en Iran", "Des survivants témoignent."),
    "fr: commission": (
        "La commission de la mort",
        "Procès : l'Iran et les prisonniers politiques.",
    ),
    "de: phrase": ("Massaker von 1988 im Iran", "Überlebende sagen aus."),
    "de: plural and place": ("Todeskommissionen in Teheran", ""),
    "ar: phrase": ("مجزرة 1988 في إيران", "شهادات الناجين"),
    "ar: commission": ("لجنة الموت في طهران", "إعدام السجناء السياسيين عام 1988"),
    "sv: phrase": ("Dödskommissionen i Iran", "Domen föll i Stockholm."),
}


@pytest.mark.parametrize(("title", "text"), RELEVANT.values(), ids=RELEVANT)
def test_coverage_of_1988_is_relevant_and_says_why(title: str, text: str) -> None:
    verdict = judge(title, text)
    assert verdict.relevant
    assert verdict.topics == ("massacre-1988",)
    assert any(match.kind == "topic" for match in verdict.matches)
    assert verdict.score > 0


IRRELEVANT = {
    "weather": ("Rain in Tehran", "It will rain on Monday."),
    "Halabja": ("Halabja marks the 1988 massacre", "Kurds of Iraq recall the chemical attack."),
    "Burma": ("Burma's 1988 massacre remembered", "Students were killed in Rangoon in 1988."),
    "Iran Air": (
        "Iran Air flight 655",
        "1988: USS Vincennes killed 290; Iran speaks of a massacre.",
    ),
    "Anfal, French": ("Anfal : le massacre de 1988", "Les Kurdes d'Irak se souviennent."),
    "Algeria": ("Algérie : octobre 1988", "Des jeunes furent tués à Alger en 1988."),
    "1988 in sports": ("Iran at the Olympics of 1988", "The team won one medal."),
    "67 people, Persian": ("۶۷ نفر در ایران کشته شدند", "اتوبوس واژگون شد."),
    "today's executions": ("Iran: four executions in Shiraz", "They were hanged for murder."),
    "nothing": ("", ""),
}


@pytest.mark.parametrize(("title", "text"), IRRELEVANT.values(), ids=IRRELEVANT)
def test_other_events_and_other_news_are_not_relevant(title: str, text: str) -> None:
    verdict = judge(title, text)
    assert not verdict.relevant
    assert verdict.topics == ()


def test_a_look_alike_does_not_hide_a_strong_phrase() -> None:
    title = "Iran's 1988 prison massacre and Halabja"
    assert judge(title, "Political prisoners were executed in Iran.").relevant


def test_short_of_relevant_but_worth_a_look_is_suspicious() -> None:
    verdict = judge("Iran in the summer of 1988", "A novel about football.")
    assert (verdict.relevant, verdict.suspicious) == (False, True)
    assert verdict.kept_close


# ---------------------------------------------------------------- named

NAMED: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "full name": ("Ebrahim Raisi opens a factory", "In Shiraz.", ("ebrahim-raisi",)),
    "apostrophe": ("Ebrahim Ra'isi opens a factory", "", ("ebrahim-raisi",)),
    "diacritics": ("Ebrahim Raïssi à Paris", "", ("ebrahim-raisi",)),
    "scholarly": ("ʿAlī Khāmeneʾī speaks", "", ("ali-khamenei",)),
    "genitive": ("Hamid Nourys advokat", "", ("hamid-noury",)),
    "elision": ("Le retour d'Ebrahim Raïssi", "", ("ebrahim-raisi",)),
    "Persian": ("ابراهیم رئیسی در شیراز", "", ("ebrahim-raisi",)),
    "Persian, Arabic letters": ("ابراهيم رئيسي در شيراز", "", ("ebrahim-raisi",)),
    "Persian, two words": ("مصطفی پور محمدی آمد", "", ("mostafa-pourmohammadi",)),
    "Persian, joined": ("مصطفی پورمحمدی آمد", "", ("mostafa-pourmohammadi",)),
    "Persian, all joined": ("مصطفی\u200cپور\u200cمحمدی آمد", "", ("mostafa-pourmohammadi",)),
    "Arabic, with and": ("وإبراهيم رئيسي", "", ("ebrahim-raisi",)),
    "two": ("Ali Razini and Hamid Noury", "", ("ali-razini", "hamid-noury")),
    "surname alone": ("Raisi scores twice", "The striker Raisi won the derby.", ()),
    "surname, one token": ("Raisi in Tehran", "The striker Raisi moved to Iran.", ()),
    "surname in context": ("Raisi at Evin", "Survivors in Iran name him.", ("ebrahim-raisi",)),
    "surname beside a phrase": ("Raisi", "The death commission of Tehran.", ("ebrahim-raisi",)),
    "inside a word": ("Raisins from Iran", "Evin, massacre, Stockholm.", ()),
    "Persian adjective": ("سال نوری چیست", "ستاره\u200cای در فاصله ده سال نوری", ()),
}  # fmt: skip


@pytest.mark.parametrize(("title", "text", "officials"), NAMED.values(), ids=NAMED)
def test_officials_are_named_by_full_name_or_by_surname_in_context(
    title: str, text: str, officials: tuple[str, ...]
) -> None:
    assert judge(title, text).officials == officials


def test_a_surname_behind_somebody_elses_given_name_is_somebody_else() -> None:
    assert "mohammad" in map(fold, watchlist().words.given_names)
    text = "Mohammad Raisi, a footballer, spoke of executions at Evin prison in Iran."
    assert judge("A witness", text).officials == ()
    assert judge("A witness", text.replace("Mohammad", "Ebrahim")).officials == ("ebrahim-raisi",)


def test_people_who_are_no_officials_are_never_listed_as_such() -> None:
    verdict = judge("Montazeri's tape", "Ayatollah Montazeri on the 1988 prison massacre in Iran.")
    assert (verdict.officials, verdict.people) == ((), ("hossein-ali-montazeri",))
    assert {m.kind for m in verdict.matches} == {"topic", "person"}


def test_an_official_in_other_news_is_named_and_not_relevant() -> None:
    verdict = judge("Hamid Noury returns to Iran", "He landed in Tehran on Saturday.")
    assert (verdict.relevant, verdict.officials) == (False, ("hamid-noury",))
    assert verdict.kept_close


# ---------------------------------------------------------------- what weighs

FURNITURE = {
    "heading": "It will rain.\nRelated posts\n",
    "heading with text": "It will rain.\nRelated: ",
}


@pytest.mark.parametrize("lead", FURNITURE.values(), ids=FURNITURE)
def test_page_furniture_counts_for_nothing(lead: str) -> None:
    phrase = "Iran's 1988 massacre of political prisoners; Ebrahim Raisi"
    verdict = judge("Weather in Tehran", lead + phrase)
    assert (verdict.relevant, verdict.officials, verdict.suspicious) == (False, (), False)


def test_a_phrase_in_the_tail_of_a_long_text_is_background() -> None:
    filler, phrase = "oil prices " * 400, " Iran's death commission of 1988. "
    assert not judge("Oil prices rise", filler + phrase).relevant
    assert judge("Oil prices rise", phrase + filler).relevant


def test_a_name_in_the_tail_is_still_named() -> None:
    assert judge("Oil", "oil prices " * 400 + "Ebrahim Raisi").officials == ("ebrahim-raisi",)


# ---------------------------------------------------------------- reasons

_ALIASES = sorted({form for person in watchlist().people for form in person.names})
_filler = st.text(max_size=15).map(lambda text: f" {text} ")


@given(st.lists(st.tuples(_filler, st.sampled_from(_ALIASES)), min_size=1, max_size=4), _filler)
def test_reasons_slice_the_original_to_the_alias(planted: list[tuple[str, str]], end: str) -> None:
    text = "".join(filler + alias for filler, alias in planted) + end
    for verdict, field in ((judge("", text), "text"), (judge(text, ""), "title")):
        for match in verdict.matches:
            assert text[match.start : match.end] == match.alias
            assert fold(match.alias)
        assert any(match.field == field for match in verdict.matches)


@given(st.text(max_size=80), st.text(max_size=200))
def test_any_text_is_judged(title: str, text: str) -> None:
    verdict = judge(title, text)
    for match in verdict.matches:
        source = title if match.field == "title" else text
        assert source[match.start : match.end] == match.alias


@pytest.mark.parametrize("alias", random.Random(1988).sample(_ALIASES, 40))
def test_a_persons_own_names_find_the_person(alias: str) -> None:
    owner = next(p for p in watchlist().people if alias in p.names)
    verdict = judge(alias, "")
    assert owner.id in (*verdict.officials, *verdict.people)


def test_the_verdict_names_the_watchlists_version() -> None:
    assert judge("x").watchlist == watchlist().version


# ---------------------------------------------------------------- hostile input

HOSTILE = {
    "one letter": "a" * 3_000_000,
    "one Persian letter": "ا" * 3_000_000,
    "spaces": " " * 3_000_000,
    "line breaks": "\n" * 1_000_000,
    "joiners": "\u200c" * 1_000_000,
    "marks": "\u0301" * 1_000_000,
    "apostrophes": "a'" * 500_000,
    "thousands": "1,000," * 200_000,
    "a surname again and again": "Raisi " * 10_000,
    "a full name again and again": "Ebrahim Raisi " * 4_000,
    "context again and again": "Khomeini, " * 6_000,
    "short years": "اعدام ۶۷ " * 6_000,
    "years, then killings": "1988 " * 5_000 + "x " * 100 + "killed " * 5_000,
    "headings that are none": "Related posts of " * 4_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_judged_in_bounded_time(text: str) -> None:
    start = time.process_time()
    judge(text[:1000], text)
    assert time.process_time() - start < 5  # seconds; a quadratic step takes 10 and more


# ---------------------------------------------------------------- names, as they are printed

SPELT: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "letters exchanged": ("Hamdi Nouri", "A court in Stockholm, Iran.", ("hamid-noury",)),
    "letter doubled": ("Ali Raazini of the judiciary", "Tehran.", ("ali-razini",)),
    "letter dropped": ("Mostafa Poumohammadi, the minister", "Iran.", ("mostafa-pourmohammadi",)),
    "German": ("Davoud Laschgari im Gefängnis", "Teheran.", ("davoud-lashkari",)),
    "French": ("Ayatollah Khomeïny, le guide", "", ("ruhollah-khomeini",)),
    "a town": ("Rafsanjan pistachios", "Growers in Iran, a judge, a prison, 1988.", ()),
    "another surname": ("Ali Rezai, judge", "A court in Tehran, Iran.", ()),
    "genitive": ("Raisis Tod", "Der Präsident Irans.", ("ebrahim-raisi",)),
    "hyphen": ("Pour-Mohammadi au parlement", "Iran.", ("mostafa-pourmohammadi",)),
    "French for": ("Un prix pour Mohammadi", "Iran : la prison d'Evin, exécutions.", ()),
    "soft hyphens": ("Ebra\u00adhim Rai\u00adsi", "Iran", ("ebrahim-raisi",)),
    "zero width": ("Hamid Nou\u200bry", "Iran", ("hamid-noury",)),
    "entities": ("Ebrahim Ra&#39;isi", "Iran", ("ebrahim-raisi",)),
    "capitals": ("EBRAHIM RAISI DIES", "TEHRAN", ("ebrahim-raisi",)),
    "three colleagues": ("Naieri, Eshraqi, Raisi: gone", "",
                         ("hossein-ali-nayyeri", "morteza-eshraqi", "ebrahim-raisi")),
    "Persian, goes on": ("علیرضا آوایی\u200cپور در تهران", "دادگاه، زندان اوین", ()),
}  # fmt: skip


@pytest.mark.parametrize(("title", "text", "officials"), SPELT.values(), ids=SPELT)
def test_names_are_found_as_sites_print_them(
    title: str, text: str, officials: tuple[str, ...]
) -> None:
    assert judge(title, text).officials == officials


NOBODY = {
    "chef": ("Chef Hamid Nouri opens a third restaurant", "Saffron everywhere."),
    "goalkeeper": ("Futsal: Mostafa Pourmohammadi in Iran squad", "The goalkeeper is 19."),
    "street": ("Raisi Street gets its old name back", "Tehran's city council voted."),
    "airport": ("Imam Khomeini International Airport is shut", "Tehran: drone seen."),
    "prime minister of Iraq": ("Nouri al-Maliki tipped for return", "Tehran is in favour."),
    "given name": ("Leila Raisi wins in Iran", "The judge praised her."),
    "the son": ("Mojtaba Khamenei speaks", "Khamenei met ministers in Tehran, Iran."),
    "Arabic for main": ("السبب الرئيسي للتأخير في إيران", "خلل رئيسي في محكمة طهران"),
    "by office": ("The judiciary chief of Iran spoke", "The supreme leader listened."),
}


@pytest.mark.parametrize(("title", "text"), NOBODY.values(), ids=NOBODY)
def test_namesakes_places_and_offices_name_nobody(title: str, text: str) -> None:
    assert judge(title, text).officials == ()


PARTED = {
    "two sentences": "The groom of Tehran is called Ebrahim. Raisi is a village in Iran.",
    "a list": "Guests in Iran: Mostafa; Pour Mohammadi; Hamid; Nouri",
    "Persian list": "مهمانان ایران: حسین، علی، نیری",
    "double surname": "In Iran the poet Hamid Nouri-Azad came out of Evin prison.",
    "Persian, after a space": "ابراهیم رئیسی زاده در تهران",
    "across a teaser": "He is Hamid.\nRead also: A new bridge for Tehran\nNouri said it in Iran.",
    "another given name": "Another witness, Abdolvahid Nouri, told the court in Iran of Evin.",
}


@pytest.mark.parametrize("text", PARTED.values(), ids=PARTED)
def test_what_only_looks_like_a_name_names_nobody(text: str) -> None:
    assert judge("News", text).officials == ()


def test_an_initial_or_a_line_end_parts_no_name() -> None:
    assert judge("News", "In Tehran S. Ebrahim\nRaisi spoke.").officials == ("ebrahim-raisi",)


def test_a_short_title_parts_no_name() -> None:
    found = judge("News", "In Iran he is known as Prof. Mahallati of Oberlin.").officials
    assert found == ("mohammad-jafar-mahallati",)


@pytest.mark.parametrize("kind", ["names", "surnames", "misspelt", "facets", "Persian"])
def test_texts_of_nothing_but_signs_take_linear_time(kind: str) -> None:
    shipped = watchlist()
    names = [form for person in shipped.people for form in person.names]
    words = {
        "names": names,
        "surnames": [form for person in shipped.people for form in person.surnames],
        "misspelt": [name[:-2] + name[-1] for name in names if len(name) > 6],
        "facets": [word.rstrip("*") for _, words in shipped.facets for word in words],
        "Persian": [name for name in names if name[0] > "\u0600"],
    }[kind]

    def seconds(size: int) -> float:
        chance = random.Random(1)
        text = " ".join(chance.choice(words) for _ in range(size))
        start = time.process_time()
        matcher().judge("Iran 1988 death commission", text)
        return time.process_time() - start

    assert seconds(8_000) < 10 * seconds(2_000) + 0.2


def test_a_headline_names_him_whose_former_post_follows() -> None:
    text = "He was justice minister until 2017. The chamber has nine members."
    assert judge("Pourmohammadi joins a chamber", text).officials == ("mostafa-pourmohammadi",)
    assert judge("Pourmohammadi joins a chamber", "He writes verse.").officials == ()
    assert judge("A chamber", f"Pourmohammadi joins it. {text}").officials == ()


def test_a_given_name_written_as_one_introduces_nobody_else() -> None:
    text = "گزارش تازه از محمدحسین احمدی نیز نام می‌برد."
    assert judge("اعدام‌های ۶۷ در دزفول", text).officials == ("mohammad-hossein-ahmadi",)


def test_a_chef_is_an_official_where_the_subject_is() -> None:
    text = "He was convicted over the 1988 prison massacre in Iran before he was a chef."
    assert judge("Hamid Nouri, chef", text).officials == ("hamid-noury",)


# ---------------------------------------------------------------- rules of nearness

JOINED = {
    "years gone by": ("Motion on prison killings", "Iran put prisoners to death 38 years ago."),
    "the war's end": ("Pardon sought", "Inmates hanged in Iran at the end of the war with Iraq."),
    "Khavaran": ("Mödrarna i Khavaran", "De har burit fotografier dit."),
    "panel": ("Avaei sat on the panel", "Prisoners of Dezful were executed."),
    "decree": ("Khomeini's decree", "It sent prisoners to the gallows in Iran."),
    "recording": ("Montazeri's tape", "The recording was made in Qom."),
    "Noury": ("Hamid Nourys dom", "Tingsrätten dömde honom."),
    "Jalali year": ("Refaire 1367", "Des prisonniers pendus."),
    "year in words": ("ألف وتسعمئة وثمانية وثمانين", "إعدام السجناء في إيران"),
    "67 in its season": ("اعدام زندانیان", "تابستان ۶۷ در زندان اوین"),
    "bulletin": ("Iran: news in brief", "Rial. Snow. Strike. Rain. Families at Khavaran cemetery."),
    "who is named": ("No visa for Awaei", "Iran, 1988: he decided over prisoners of his town."),
    "death sentences": ("Früherer Richter", "1988 habe er im Iran Gefangene zum Tode verurteilt."),
    "prisoners gone": ("187 names", "Iran has not said where the inmates of 1988 vanished."),
    "disappeared": ("Une plaque pour les disparus iraniens", "C'était en 1988."),
    "no country": ("My friend the tailor", "He left our cell in July 1988 and never came back."),
    "the executed": ("Iran Express", "Neige, grève, et une marche pour les suppliciés : été 1988."),
    "their families": ("Angehörige der Hingerichteten von 1988", "Sie rufen ein Tribunal an."),
    "the dead": ("Voor de deur", "Iran 1988: the dead of the prisons."),
    "obituary": ("Ayatollah dies at 90", "In 1988 he was a religious judge in Rasht, Iran."),
    "gone years ago": ("Iran's prisoners vanished", "For 38 years mothers have asked."),
    "dead years ago": (
        "Rede im Stadtrat",
        "Seit 38 Jahren gedenkt niemand der Toten von Irans Gefängnissen.",
    ),
    "the decade": (
        "Duemila schede",
        "Iran, anni Ottanta: i giustiziati e le lettere ai familiari.",
    ),
    "court abroad": (
        "Verfahren um Gohardascht",
        "Was wird bewiesen? " * 9 + "Das Urteil hängt nach 38 Jahren an Zeugen.",
    ),
    "cemetery razed": ("لودر در وادی رحمت", ""),
    "cemetery and year": ("Flowers at Behesht-e Reza", "Mashhad, 38 years later."),
    "cemetery, the executed": ("Behesht-e Reza", "Relatives remember those hanged."),
    "cemetery, that summer": ("راه تازه‌آباد", "از اعدام‌های آن شهریور می‌گفت."),
    "mass grave": ("Ahvaz: mass grave paved over", "Relatives speak of the executed."),
    "decades": ("Evin, decades later", "Families of those hanged there meet each spring."),
    "warder": (
        "Ex-guard charged in Oslo",
        "A former guard of Dezful was recognised by a survivor.",
    ),
    "one question, gone": ("Una lista da Evin", "Rispose a una sola domanda e non tornò."),
    "murder": (
        "Parlament einig",
        "Es nennt die Ermordung iranischer Häftlinge 1988 ein Verbrechen.",
    ),
    "a phrase of the dead": ("Iran: sister of 1988 victims summoned", "The court gave no reason."),
    "a judge confesses": ("Ein Geständnis", "Ein alter Richter in Ghom über den Sommer 1988."),
    "lists": ("„Ich fuhr“", "Ein früherer Richter aus Ghom über die Listen von 1988."),
    "a judge turned away": ("Norway refuses visa to jurist", "Iran's deputy prosecutor of 1988."),
    "an alleged warder": ("Live", "Iran attacks arrest of alleged 1988 prison guard; oil at $71."),
    "a warder, decades on": (
        "Il guardiano",
        "Dopo trentotto anni e sei testimoni la procura accusa un'ex guardia di carcere in Iran.",
    ),
    "denied": (
        "Council rejects paper",
        "The so-called disappeared of 1988 were invented by a terrorist cult, it said.",
    ),
    "handled by courts": (
        "Dutch envoy called in",
        "The events of the summer of 1988 had been dealt with by the courts, Tehran said.",
    ),
    "machines": (
        "Diggers stop at Wadi-e Rahmat",
        "Families in Tabriz saw the prosecutor's letter.",
    ),
    "names in a wall": ("Evinfängelset", "Namn i väggen, ristade av dem som avrättades 1988."),
    "the mothers": ("Iran summons mothers of 1988", "They were asked about a gathering."),
    "a name vouched for": ("Pourmohammadi asked about death committee", "Students cried 1988."),
}


@pytest.mark.parametrize(("title", "text"), JOINED.values(), ids=JOINED)
def test_facets_near_one_another_are_about_1988(title: str, text: str) -> None:
    assert judge(title, text).relevant


APART = {
    "67 people": ("إعدام 67 شخصاً في إيران", "في سجن قزل حصار."),
    "67 executed today": ("67 ejecutados en las cárceles de Irán", "En octubre."),
    "minute 67": ("گل دقیقهٔ ۶۷", "ورزشگاه تهران، تابستان."),
    "1988 complaints": ("۱۳۶۷ شکایت در دادگاه تهران", "زندانی آزاد شد."),
    "district": ("اتوبوس خاوران", "مسافران محلهٔ خاوران در تهران منتظر ماندند."),
    "the war": ("Resolution 598", "In July 1988 Iran's war dead had graves and families."),
    "67 prisoners": ("اعدام ۶۷ زندانی", "آمار یک ماه در زندان‌های ایران."),
    "old graves": ("قبرهای ۴۰ سال پیش در بهشت رضا", "کمیسیون شورای شهر مشهد تصمیم می‌گیرد."),
    "a record": ("Iran: 90 inmates executed", "The highest number of hangings since 1988."),
    "a record in Persian": ("آمار", "بالاترین رقم اعدام زندانیان از سال ۱۳۶۷."),
    "price of graves": ("نرخ قبور در بهشت رضا", "تعرفهٔ آرامستان ۶۷ درصد گران شد."),
    "graves sold": ("کشف ۶۷ قبر غیرمجاز در خاوران", "آرامستان شکایت کرد."),
    "a funeral": ("Actor buried in Mashhad", "Family and flowers at Behesht-e Reza."),
    "executed today": (
        "Hanged in Mashhad",
        "His family buried him at Behesht-e Reza after the execution.",
    ),
    "a phrase that counts": ("گزارش سالانه", "اعدام‌های ۶۷ نفر در ایران ثبت شد."),
    "Lockerbie": ("Lockerbie, the victims of 1988", "Families blame Iran and its prisons."),
    "a sentence of years": (
        "Iran jails activist",
        "38 years in prison; victims of police protest.",
    ),
    "missing in the war": ("Pilot missing in action", "Iran's prisoner, disappeared in 1988?"),
    "a judge's bribes": ("Iran: former judge confesses", "Named in 1988, he took bribes."),
    "warders of today": ("Iran", "Prison guards, hired after 1988, were arrested on Sunday."),
    "Kerman is no novel": ("رئیس پلیس کرمان", "گفت زندان این شهر در سال ۱۳۶۷ ساخته شد."),
    "visa of a sportsman": ("Iran: visa refused", "His coach won a medal in 1988."),
    "families of 67": ("خانواده‌های ۶۷ کارگر", "کارخانه‌ای در اراک تعطیل شد."),
    "warder of today": ("Tehran", "A former guard of Evin fled. He was not arrested."),
}


@pytest.mark.parametrize(("title", "text"), APART.values(), ids=APART)
def test_numbers_quarters_and_wars_are_not(title: str, text: str) -> None:
    assert not judge(title, text).relevant


def test_the_line_that_ends_a_report_of_today_is_a_mention() -> None:
    today = "Two men were hanged in Ghezel Hesar at dawn. " * 8
    verdict = judge("Two executed in Iran", today + "In 1988 Iran executed political prisoners.")
    assert not verdict.relevant
    mentions = [match for match in verdict.matches if match.kind == "mention"]
    assert mentions
    assert all(match.score == 0 for match in mentions)
    assert "tail" in mentions[0].rule


_FILLER = "The talks went on in the hall, and nothing was said of trade. " * 6
_LINE = "In 1988 thousands of political prisoners were executed in Iran."
LAST = {
    "state protests": ("Belgian ambassador called in by Tehran", _FILLER, True),
    "turned away": ("Visa refused to Iranian adviser", _FILLER, True),
    "a film": ("Film on Evin wins prize", _FILLER, True),
    "a march": ("March in memory of those executed", _FILLER, True),
    "other news": ("Iranian minister meets traders", _FILLER, False),
    "protest over an execution of today": (
        "Ambassador called in after Iran hanged a man", _FILLER, False
    ),
    "a long report": ("Belgian ambassador called in by Tehran", _FILLER * 3, False),
}  # fmt: skip


@pytest.mark.parametrize(("title", "filler", "relevant"), LAST.values(), ids=LAST)
def test_a_short_report_may_come_to_its_subject_last(
    title: str, filler: str, *, relevant: bool
) -> None:
    assert judge(title, filler + _LINE).relevant is relevant


def test_another_event_is_a_reason_too() -> None:
    verdict = judge("Halabja: the massacre of 1988", "Iran's reporters saw prisoners and graves.")
    assert not verdict.relevant
    assert [match.subject for match in verdict.matches if match.kind == "lookalike"] == ["halabja"]


# ---------------------------------------------------------------- own topics


def test_an_own_topic_is_told_with_what_made_it_hold() -> None:
    text = config.shipped_watchlist()
    query = "sanction* NEAR/4 (Raisi OR رئیسی)"
    own = f"[[own_topic]]\nid = 'freeze'\nname = 'Freeze'\nquery = '{query}'\n"
    found = Matcher(parse_watchlist(f"{text}\n{own}", "list.toml"))
    verdict = found.judge("Sanctions on president Raisi", "The weather.")
    assert verdict.topics == ("freeze",)
    assert [m.alias for m in verdict.matches if m.subject == "freeze"] == ["Sanction", "Raisi"]
    assert not verdict.relevant
    assert found.judge("Sanctions", "Raisi").topics == ()


# ---------------------------------------------------------------- hostile texts

_BITS = st.sampled_from(
    ["1988 ", "\u0301", "ا\u0640", "«", "“", "&#39;", "۶۷ ", "Raisi", " Iran ", "\u200c", "\n",
     "hanged ", "Khavaran ", "Tags: ", "- ", "'", "ﷺ", "\U0001f469\u200d", "prison ", "\x00",
     "Read also: "]
)  # fmt: skip


@given(st.lists(_BITS, max_size=60).map("".join), st.lists(_BITS, max_size=400).map("".join))
def test_hostile_texts_are_judged_with_true_offsets(title: str, text: str) -> None:
    for match in judge(title, text).matches:
        source = title if match.field == "title" else text
        assert source[match.start : match.end] == match.alias
        assert match.alias


MEGABYTES = {
    "one letter": "a", "combining marks": "\u0301", "nested quotes": "«“", "apostrophes": "d'",
    "years": "1988 ", "names": "Ebrahim Raisi ", "everything near": "1988 prison hanged Iran ",
    "newlines": "\n", "digits": "67,", "ligatures": "ﷺ",
}  # fmt: skip


@pytest.mark.parametrize("unit", MEGABYTES.values(), ids=MEGABYTES)
def test_four_times_the_text_takes_no_more_than_its_share(unit: str) -> None:
    """Linear: 4 times the text in 4 times the time, and 8 to forgive the machine's other work."""

    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        start = time.process_time()
        matcher().judge("Iran", text)
        return time.process_time() - start

    large = part(400_000, 2)
    assert takes_its_share(seconds, large // 4, large, times=8, more=0.02)
