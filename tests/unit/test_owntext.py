"""Own text: what the article says stays at its place, what stands beside it is blanked."""

from __future__ import annotations

import json
import re
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.effort import part
from watchers.furniture import has_signs, without_feed_furniture
from watchers.normalise import body_text
from watchers.owntext import own_text
from watchers.text import plain, with_words_joined

LONG = Path(__file__).parents[1] / "data" / "long"
INDEX: dict[str, dict[str, Any]] = json.loads((LONG / "index.json").read_text(encoding="utf-8"))

# ---------------------------------------------------------------- long articles


def long_text(name: str) -> tuple[str, str]:
    """The text of a long article as it is stored, and its own text."""
    about = INDEX[name]
    text = body_text("", (LONG / about["file"]).read_text(encoding="utf-8"))
    return text, own_text(text, about["title"]).text


@pytest.mark.parametrize("name", INDEX)
def test_whom_only_furniture_names_is_blanked(name: str) -> None:
    raw = (LONG / INDEX[name]["file"]).read_text(encoding="utf-8")
    _, own = long_text(name)
    for official in INDEX[name]["furniture"]:
        assert official in raw
        assert official not in own


@pytest.mark.parametrize("name", INDEX)
def test_whom_the_article_names_stays(name: str) -> None:
    _, own = long_text(name)
    for said in (*INDEX[name]["own"], *INDEX[name]["kept"]):
        assert said in own


@pytest.mark.parametrize("name", [name for name in INDEX if INDEX[name]["file"].endswith("txt")])
def test_each_blanked_name_lies_in_a_span_with_a_reason(name: str) -> None:
    text, _ = long_text(name)
    spans = own_text(text, INDEX[name]["title"]).furniture
    for official in INDEX[name]["furniture"]:
        for found in re.finditer(re.escape(official), text):
            assert any(s.start <= found.start() and found.end() <= s.end and s.why for s in spans)


# ---------------------------------------------------------------- line by line

OWN = "The court in the port sat on Monday and heard two of the witnesses."
MORE = "The judge then asked the third witness about the corridor and the lists."
PIECES = {
    "read also": "Read also: MARK speaks",
    "read also, no colon": "READ ALSO MARK speaks",
    "read also, bullet": "► Read also: MARK speaks",
    "read also, starred": "**Read also:** MARK speaks",
    "heading, one headline": "Read also\nMARK speaks",
    "heading, a question": "See also\nWho is MARK?",
    "heading, two headlines": "Related articles:\nMARK speaks\nThe weather",
    "more from": "More from our correspondents\nMARK speaks",
    "fa": "بیشتر بخوانید: MARK",
    "fa, Arabic yeh": "بيشتر بخوانيد: MARK",
    "fa, heading": "خبرهای مرتبط\nMARK",
    "fa, joined": "برچسبها: MARK",
    "ar": "اقرأ أيضا: MARK",
    "ar, hamza below": "إقرأ أيضًا : MARK",
    "fr": "Lire aussi : MARK",
    "fr, no accent": "A LIRE AUSSI : MARK",
    "fr, accent": "À lire aussi : MARK",
    "de": "Lesen Sie auch: MARK",
    "sv": "Läs också: MARK",
    "es": "Lee también: MARK",
    "it": "Leggi anche: MARK",
    "no": "Les også: MARK",
    "nl": "Lees ook: MARK",
    "pt": "Leia também: MARK",
    "ru": "Читайте также: MARK",
    "tags": "Tags: court, MARK, port",
    "hashtags": "#court #MARK",
    "filed under": "Filed under: MARK, port",
    "share": "Share: Facebook MARK",
    "newsletter": "Sign up for our newsletter with MARK every week.",
    "consent": "We use cookies, says MARK, on this site.",
    "caption": "FILE PHOTO: MARK, then minister, at a dam in 2003. AGENCY/File Photo",
    "byline": "By MARK",
    "reporting": "Reporting by MARK; editing by Anna Berg",
    "copyright": "© 2026 MARK",
    "capitals": "OUR SERIES: MARK, the man at the desk",
    "feed tail": "The post MARK speaks appeared first on Exile Press.",
    "feed tail, fr": "L’article MARK parle est apparu en premier sur Exil.",
    "feed tail, fa": "نوشته MARK اولین بار در رسانه پدیدار شد.",
    "about us, one line": "About us: MARK founded this paper.",
    "menu": "Home\nNews\nMARK\nSport\nContact",
    "a label of more words": "See also in this series: no. 9, “MARK and the port”",
    "a call": "Read our profile of MARK and our timeline of the trial.",
    "a call, fr": "Lisez notre portrait de MARK et de sa ville.",
    "unlisted heading": "More coverage\nMARK opens the new dam\nTen soups for the winter",
    "unlisted heading, questions": "Picked for you\nWho is this MARK?\nTen soups for the winter",
    "unlisted heading, es": "Más información\nMARK abre la presa nueva\nDiez sopas de invierno",
    "unlisted heading, fa": "مقالات مرتبط\nمارک MARK در بندر\nده سوپ برای زمستان",
    "unlisted heading, ar": "أخبار أخرى\nافتتاح السد MARK الجديد\nعشر وصفات لفصل الشتاء",
}
TAILS = {
    "comments": "Comments\nAnna: MARK was there, too.",
    "counted comments": "12 Comments\nAnna: MARK was there, too.",
    "leave a reply": "Leave a Reply Cancel reply\nMARK",
    "thoughts": "3 thoughts on “The port”\nMARK says:\nI was there.",
    "trackbacks": "Trackbacks\nMARK and the port – a blog",
    "about the author": "About the author\nMARK writes on courts. He lives in Oslo.",
    "about the distributor": "About the distributor: it carries news on MARK and others.",
    "about a name": "About Port Voice\nPort Voice is a paper that MARK founded.",
    "headlines": "MARK opens the new dam\nTen soups for winter\nA bridge is closed",
    "headlines, a bar": "MARK opens the new dam | Ten soups for winter | A bridge is closed",
    "excerpts": "Most read\nMARK opens a dam\nHe spoke on Monday.\nTen soups\nAll are easy.",
    "tags, one a line": "Tags\ncourt\nMARK\nport",
    "a headline after tags": "Tags: court\nMARK opens the new dam",
    "numbered papers": "no. 3 MARK, a life\nno. 5 The foreign port\nno. 14 A bibliography",
}
STAYS = {
    "a list after a colon": "The panel had three men:\nMARK, judge\nOla Dal, clerk\nA third man",
    "a list led in by words": "The panel sat as follows.\nMARK of the court\nA clerk\nA third man",
    "a list of people": "The panel sat.\nMARK Karimi, judge\nAnna Berg, clerk\nOla Dal, guard",
    "a quotation": "“Read also the last page,” MARK said to the clerk, who did so.",
    "related as a word": "Related charges against MARK were dropped in the spring of that year.",
    "share as a word": "Share prices fell when MARK spoke, said a broker in the port.",
    "comments as a word": "Comments by MARK were read out in court on Monday morning.",
    "about as a word": "About MARK nothing was said in court on Monday morning.",
    "by as a word": "By MARK and by others it was denied for thirty years.",
    "a subheading": "The years of MARK",
    "two short lines": "The years of MARK\nand what came of them",
    "an interview": "Question: Did you know MARK?\nAnswer: I did, for many years.",
    "an author who speaks": "Author: MARK was never asked.",
    "a dateline": "TEHRAN: The court sat on Monday and heard MARK for an hour.",
    "a poem with commas": "the window, MARK,\nhas no glass,\nand no light,",
    "wrapped lines": "The court sat and heard\nwhat MARK had to say about the lists and\nthe port.",
    "breaking": "BREAKING: MARK is dead",
    "own subhead over sentences": "More coverage\nMARK was in none of the papers that year.",
    "our in a sentence": "See our clerk, said MARK. Read our lips, said the judge. It was late.",
    "a quoted call": "“Read our report,” MARK told the court in the port on Monday.",
}  # fmt: skip


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
def test_furniture_in_the_middle_goes_and_what_follows_stays(piece: str) -> None:
    own = own_text(f"{OWN}\n{piece}\n{MORE}\n{OWN}").text
    assert "MARK" not in own
    assert [line for line in own.split("\n") if line.strip()] == [OWN, MORE, OWN]


@pytest.mark.parametrize("piece", [*TAILS.values(), *PIECES.values()], ids=[*TAILS, *PIECES])
def test_furniture_at_the_end_goes(piece: str) -> None:
    own = own_text(f"{OWN}\n{MORE}\n{piece}").text
    assert own.rstrip() == f"{OWN}\n{MORE}"


@pytest.mark.parametrize("place", ["{}\n{}\n{}", "{}\n{}"], ids=["middle", "end"])
@pytest.mark.parametrize("piece", STAYS.values(), ids=STAYS)
def test_the_article_s_own_stays(piece: str, place: str) -> None:
    text = place.format(OWN, piece, MORE)
    assert own_text(text).text == text


@pytest.mark.parametrize("subhead", ["Who took part", "The latest hearing", "Other witnesses"])
def test_short_lines_under_an_own_subhead_stay(subhead: str) -> None:
    text = f"{OWN}\n{subhead}\nMARK came from the port\nA clerk was the second\n{MORE}"
    assert own_text(text).text == text


def test_people_under_headlines_stay() -> None:
    people = "MARK Karimi, judge\nAnna Berg, clerk of the court"
    own = own_text(f"{OWN}\nRelated\nWho is it?\n{people}\n{MORE}").text
    assert [line for line in own.split("\n") if line.strip()] == [OWN, *people.split("\n"), MORE]


# ---------------------------------------------------------------- what closes a text

HEADLINES = "MARK opens the new dam\nTen soups for the winter\nA bridge in town is closed"
CLOSINGS = {
    "unsubscribe": "Unsubscribe at any time.",
    "two lines": "You get this mail as you asked for it.\nUnsubscribe at any time.",
    "source": "Reproduction allowed with source.",
    "fa": "استفاده از مطالب سایت با ذکر نام و لینک بلامانع است.",
}


@pytest.mark.parametrize("closing", CLOSINGS.values(), ids=CLOSINGS)
def test_headlines_before_a_closing_notice_go(closing: str) -> None:
    long = "\n".join([f"{OWN} {MORE}"] * 3)
    own = own_text(f"{long}\n{HEADLINES}\n{closing}").text
    assert [line for line in own.split("\n") if line.strip()] == f"{long}\n{closing}".split("\n")


OWN_LISTS = {
    "led in": "They asked for this:\nA trial of MARK in public\nA list of the dead\nA grave",
    "names": "They signed\nAnna Berg\nMARK Karimi\nOla Dal",
    "people": "They sat\nAnna Berg, clerk of the court\nMARK Karimi, judge at the port\n"
    "Ola Dal, guard in the yard",
}


@pytest.mark.parametrize("piece", OWN_LISTS.values(), ids=OWN_LISTS)
def test_an_own_list_before_a_last_sentence_stays(piece: str) -> None:
    text = "\n".join([f"{OWN} {MORE}"] * 3) + f"\n{piece}\nIt rained."
    assert own_text(text).text == text


def test_headlines_before_a_last_paragraph_stay() -> None:
    text = "\n".join([f"{OWN} {MORE}"] * 3) + f"\n{HEADLINES}\n{OWN} {MORE} {OWN}"
    assert own_text(text).text == text


# ---------------------------------------------------------------- what stands before a title

TITLE = "The judge and the port"
LONG_OWN = f"{OWN} {MORE} {OWN}"


DECK = f"What MARK said to the clerk\nLetters\nThe port\n{TITLE}\n{LONG_OWN}"


def test_a_menu_before_the_title_goes() -> None:
    menu = "Port Voice\nWe use cookies on this site.\nMARK speaks\nLetters\nSoups"
    assert own_text(f"{menu}\n{TITLE}\n{LONG_OWN}", TITLE).text.strip() == LONG_OWN


@pytest.mark.parametrize(
    "text",
    [f"{OWN} MARK\n{MORE} MARK.\n{TITLE}\n{OWN * 3}", f"MARK speaks\n{TITLE}\nIt rained.", DECK],
    ids=["a paragraph before", "no paragraph after", "a summary"],
)
def test_what_is_no_menu_before_the_title_stays(text: str) -> None:
    assert own_text(text, TITLE).text.count("MARK") == text.count("MARK")


# ---------------------------------------------------------------- hard-wrapped text

WRAPPED = {
    "en": """Survivors of the old port spoke in the town on Tuesday about what they had seen in the
yard and in the long corridor, and the meeting lasted for three hours.
--
READ MORE
Who is it and why does it matter
Ten soups for a cold week in the winter
--
MARK Karimi sat on the panel of the port, a clerk says, and so did two men of the town, who
were then the heads of the yard. The families asked for an inquiry into the matter, and
a lawyer said that the duty does not lapse.""",
    "fa": """بازماندگان روز سه‌شنبه در شهر از آنچه در حیاط و در راهرو دیده بودند سخن گفتند و این
نشست سه ساعت به درازا کشید و با خواندن نام‌ها پایان یافت.
--
بیشتر بخوانید
او کیست و چرا مهم است
ده سوپ برای هفته‌های سرد
--
به گفته یک منشی MARK عضو هیئت بندر بود و دو تن از مردان شهر نیز که در آن زمان رئیس
حیاط بودند در آن نشست حضور داشتند. خانواده‌ها خواستار تحقیق شدند و یک وکیل گفت که این
وظیفه مشمول مرور زمان نمی‌شود و باید دنبال شود.""",
}


@pytest.mark.parametrize("width", [60, 66, 72])
@pytest.mark.parametrize("name", WRAPPED)
def test_a_wrapped_paragraph_after_headlines_stays(name: str, width: int) -> None:
    before, teaser, after = WRAPPED[name].split("\n--\n")
    lines = [*textwrap.wrap(before, width), teaser, *textwrap.wrap(after, width)]
    text = "\n".join(lines)
    own = own_text(text).text
    assert len(own) == len(text)
    assert own.split() == f"{before} {after}".split()


def test_headlines_of_one_length_are_no_wrapped_paragraph() -> None:
    titles = "\n".join(
        f"MARK and the port of the town, part {part} of a series" for part in "123456"
    )
    assert "MARK" not in own_text(f"{OWN}\n{MORE}\n{titles}").text


INSIDE = {
    "brackets": ("It rained. (Read also: MARK speaks) It poured.", "It rained. ( ) It poured."),
    "after a sentence": ("It rained. Read also: Who is MARK? It poured.", "It rained. It poured."),
    "tags": ("It rained. It poured. Tags: MARK, rain", "It rained. It poured."),
    "fr": ("Il pleut. Lire aussi : Qui est MARK ? Il neige.", "Il pleut. Il neige."),
    "fa": ("باران بارید. بیشتر بخوانید: MARK کیست؟ برف هم.", "باران بارید. برف هم."),
}


@pytest.mark.parametrize(("text", "own"), INSIDE.values(), ids=INSIDE)
def test_furniture_inside_a_paragraph_goes(text: str, own: str) -> None:
    assert " ".join(own_text(text).text.split()) == own


def test_a_label_inside_a_sentence_is_the_sentence_s_own() -> None:
    text = "He said of the tags: MARK wrote them, and the court believed him."
    assert own_text(text).text == text


SHORT = {
    "no stop": "Two men hanged in the port",
    "three lines without a stop": "Two men hanged\nFamilies not told\nMARK silent",
    "a label only": "Video: MARK speaks in the port",
    "nothing": "",
    "blanks": " \n\n ",
}


@pytest.mark.parametrize("text", SHORT.values(), ids=SHORT)
def test_a_short_item_stays(text: str) -> None:
    assert own_text(text, "A title that is another one").text == text


def test_the_title_said_again_goes() -> None:
    title = "The judge and the “port”: a story"
    text = f"THE JUDGE AND THE PORT: A STORY\n{OWN}"
    assert own_text(text, title).text.strip() == OWN


def test_a_note_on_the_author_at_the_end_goes() -> None:
    text = "\n".join([f"{OWN} {MORE}"] * 3)
    assert own_text(f"{text}\nAuthor: our editor, who wrote “MARK”.").text.rstrip() == text


def test_comments_in_a_menu_do_not_end_the_article() -> None:
    long = "MARK was heard. " * 30
    text = f"{OWN}\nComments\n{long.strip()}"
    assert own_text(text).text.count("MARK") == 30


# ---------------------------------------------------------------- any text

_HEADS = ["Read also", "Related posts", "Tags: a, b", "Comments", "Leave a Reply", "About us"]
_BITS = [*_HEADS, "بیشتر بخوانید: ایکس", "A headline of a story", "Who is it?", OWN, MORE, "Home"]
_BITS += [
    "News",
    "By Anna Berg",
    "#a #b",
    "a | b | c",
    "\n",
    "\n\n",
    ": ",
    ". ",
    "(",
    ")",
    " ",
    "•",
]
_BITS += ["About Port", "Port is a paper.", "SERIES: a thing", "Newsletter", "Photo: x", "x" * 200]
_BITS += ["Author: I was there.", "Video: a thing", "Author: " + OWN * 7, OWN * 7, "Most read"]
_BITS += ["More coverage", "no. 3 A paper", "Anna Berg, judge", "Read our profile of it. "]
_BITS += ["See also in this series: x", "Unsubscribe at any time.", "a port and a town " * 4]
_BITS += ["The port and the town and the river and the bridge of the\n" * 4 + "end.\n"]
_texts = st.lists(st.one_of(st.sampled_from(_BITS), st.text(max_size=8))).map("".join)
_lines = st.lists(st.one_of(st.sampled_from(_BITS), st.text(max_size=30))).map("\n".join)


@given(st.one_of(_texts, _lines), st.sampled_from(["", OWN, "A headline of a story"]))
@example("Read also: Read also:", "")
@example("\x1f: Tags:", "")
def test_any_text_keeps_its_length_and_what_is_its_own(text: str, title: str) -> None:
    found = own_text(text, title)
    assert len(found.text) == len(text)
    end = 0
    for span in found.furniture:
        assert end <= span.start < span.end <= len(text)
        assert found.text[end : span.start] == text[end : span.start]
        assert not found.text[span.start : span.end].strip()
        assert found.text[span.start : span.end].count("\n") == text[span.start : span.end].count(
            "\n"
        )
        end = span.end
    assert found.text[end:] == text[end:]
    again = own_text(found.text, title)
    assert again.text == found.text


HOSTILE = {  # of a megabyte and more
    "one letter": "a" * 4_000_000,
    "colons": ":" * 1_000_000,
    "labels": "Read also:" * 100_000,
    "labels after stops": "A. Read also: b. " * 60_000,
    "headings": "Read also\n" * 100_000,
    "comments in a menu": "It rained on Monday in the old port.\n"
    + "Comments\n" * 100_000
    + "x" * 300,
    "about us": "It rained on Monday in the old port.\n" + "About us\n" * 100_000,
    "headlines": "It rained on Monday in the old port.\n" + "A headline here\n" * 100_000,
    "excerpts": "Related posts\n" + "A headline\nIt rained.\n" * 50_000,
    "bars": "|" * 1_000_000,
    "marks": "•" * 1_000_000,
    "combining": "e" + "\u0301" * 1_000_000,
    "hashes": "#a " * 300_000,
    "brackets": "(Read also: " * 100_000,
    "calls": "It rained. Read our profile of the port and the town. " * 20_000,
    "wrapped": "The port and the town and the river and the bridge of the\n" * 17_000 + "end.",
    "wrapped, all teasers": "Read also the port and the town and the river and the\nend.\n"
    * 17_000,
    "headings by words": "More coverage\nTen soups for winter\n" * 30_000,
    "closing": "It rained on Monday in the old port. " * 9
    + "\nTen soups for winter\nIt rained." * 30_000,
    "title again": "A headline here\n" * 60_000 + "x" * 300,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_megabyte_costs_seconds_at_most(text: str) -> None:
    """An eighth of it an eighth, and what starting takes; a quadratic step takes ten and more."""
    size = part(len(text))
    is_whole = size == len(text)
    text = text if is_whole else text[: size // 2] + text[-size // 2 :]
    began = time.process_time()
    assert len(own_text(text, "A headline here").text) == len(text)
    assert time.process_time() - began < (6.0 if is_whole else 2.0)


# ---------------------------------------------------------------- HTML of entries

LEAD = "<p>The court sat on Monday and heard two of the witnesses in the port.</p>"
MARKUP = {
    "list of links": '<h4>Related</h4><ul><li><a href="/1">MARK</a></li></ul>',
    "read also, linked": '<p><strong>Read also:</strong> <a href="/1">MARK speaks</a></p>',
    "links in a row": '<p><a href="/1">MARK</a> | <a href="/2">Soups</a></p>',
    "aside": "<aside><p>MARK spoke on Monday about the courts.</p></aside>",
    "inset": '<div class="inset"><h4>Inset</h4><p>MARK spoke on Monday.</p></div>',
    "class": '<div class="jp-relatedposts"><p>MARK spoke on Monday.</p></div>',
    "caption": '<figure><img src="x"/><figcaption>MARK in 1999</figcaption></figure>',
    "caption of old": '<div class="wp-caption"><img src="x"/><p>MARK in 1999</p></div>',
    "form": "<form><p>MARK asks for your address</p></form>",
    "card": '<div><h3><a href="/1">MARK speaks</a></h3><p>He spoke on Monday.</p></div>',
    "tags": '<p>Tags: <a href="/1">MARK</a>, <a href="/2">court</a></p>',
}
MARKUP_STAYS = {
    "list of sentences": "<ul><li>MARK, a judge, denied it.</li><li>A clerk did not.</li></ul>",
    "a link in a sentence": '<p>The paper wrote that <a href="/1">MARK</a> had denied it.</p>',
    "table": "<figure class='wp-block-table'><table><tr><td>MARK</td></tr></table></figure>",
    "own lead": '<p class="teaser">MARK was heard in the port.</p>',
    "state": '<div class="post tag-related comments-open"><p>MARK was heard.</p></div>',
    "box of all": '<div><p>MARK denied it.</p><ul><li><a href="/1">Ten soups for a cold '
    'week in November</a></li></ul></div>',
}  # fmt: skip


@pytest.mark.parametrize("piece", MARKUP.values(), ids=MARKUP)
def test_furniture_in_an_entry_s_html_goes(piece: str) -> None:
    text = body_text("", f"{LEAD}{piece}{LEAD}")
    assert text.split("\n") == [plain(LEAD)] * 2


@pytest.mark.parametrize("piece", MARKUP_STAYS.values(), ids=MARKUP_STAYS)
def test_own_markup_stays(piece: str) -> None:
    assert "MARK" in body_text("", f"{LEAD}{piece}{LEAD}")


def test_an_entry_that_is_all_furniture_keeps_its_text() -> None:
    assert body_text('<p><a href="/1">MARK spoke on Monday.</a></p>', "") == "MARK spoke on Monday."


def test_a_summary_is_enough_to_leave_furniture_out() -> None:
    assert body_text("It rained.", '<p><a href="/1">MARK</a></p>') == "It rained."


def test_an_entry_without_signs_is_not_parsed() -> None:
    assert not has_signs('<p>It rained, says <a href="/1">a paper</a>.</p><p>It poured.</p>')
    assert without_feed_furniture("x" * 10) == "x" * 10


@given(st.lists(st.sampled_from([*MARKUP.values(), *MARKUP_STAYS.values(), "<", ">", "</p>", "x"])))
def test_any_markup_is_read(pieces: list[str]) -> None:
    assert isinstance(body_text("", "".join(pieces)), str)


def test_deep_markup_is_read() -> None:
    assert "MARK" in body_text("", "<nav></nav>" + "<div>" * 3_000 + "<p>MARK spoke.</p>")


# ---------------------------------------------------------------- file names

FILE_NAMES = {
    "cut word": ("Accu img_4248 sation. An accusation.", "Accusation. An accusation."),
    "with its type": ("accu IMG_4248.jpg sation, accusation", "accusation, accusation"),
    "a word of its own": ("The img_4248 judge and the judge", "The img_4248 judge and the judge"),
    "no such word": ("Accu img_4248 sation", "Accu img_4248 sation"),
    "a sentence's end": ("accu img_4248. Sation", "accu img_4248. Sation"),
}


@pytest.mark.parametrize(("text", "wanted"), FILE_NAMES.values(), ids=FILE_NAMES)
def test_a_file_name_in_a_word_goes(text: str, wanted: str) -> None:
    assert with_words_joined(text) == wanted
