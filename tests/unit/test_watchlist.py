"""A watchlist is read whole or refused with every problem; the shipped one holds its promises."""

from __future__ import annotations

import pickle
import re
import tomllib

import pytest

import config
from watchers.errors import WatchlistInvalid
from watchers.folding import fold
from watchers.watchlist import Person, Watchlist, parse_watchlist

PERSON = """
[[person]]
id = "a-person"
kind = "official"
name = "A Person"
aliases = ["Anna Person"]
fa = ["آنا پرسون"]
needs_context = ["Person"]
status = "Held an office."
say = "held an office in 1988"
claim_basis = "office-held"
sources = [{ publisher = "A paper", title = "A title", year = 2020, seen = true }]
"""
REST = """
[[topic]]
id = "massacre-1988"
language = "en"
strong = ["1988 prison massacre"]

[context]
iran = ["Iran"]
event = ["1988"]
prison = ["Evin"]
law = ["Svea"]
actors = ["PMOI"]

[years]
gregorian = ["1988"]
jalali = ["1367"]
"""
META = '[meta]\nversion = "1"\n'
SMALL = META + PERSON + REST


@pytest.fixture(scope="module")
def shipped() -> Watchlist:
    return parse_watchlist(config.shipped_watchlist(), "watchlist.toml")


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(WatchlistInvalid) as caught:
        parse_watchlist(text, "list.toml")
    return caught.value.problems


def other(text: str = PERSON, **changes: str) -> str:
    """A second person like the first, with some texts replaced."""
    for old, new in {"a-person": "b-person", "Anna": "Berta", "آنا": "برتا", **changes}.items():
        text = text.replace(old, new)
    return text


# ---------------------------------------------------------------- the shipped file


def test_the_shipped_watchlist_has_everyone_and_every_language(shipped: Watchlist) -> None:
    assert len(shipped.people) == 52
    assert {topic.language for topic in shipped.topics} == {
        "en", "fa", "ar", "fr", "de", "sv", "es", "it", "no_da", "nl",
    }  # fmt: skip
    assert {topic.id for topic in shipped.topics} == {"massacre-1988"}
    assert (len(shipped.organisations), len(shipped.places), len(shipped.lookalikes)) == (16, 7, 32)


def test_only_a_court_finding_is_called_one(shipped: Watchlist) -> None:
    assert [p.id for p in shipped.people if p.court_finding] == ["hamid-noury"]


def test_officials_come_first(shipped: Watchlist) -> None:
    officials = [person.is_official for person in shipped.people]
    assert officials == sorted(officials, reverse=True)
    assert len(shipped.officials) == 26
    assert "hossein-ali-montazeri" not in {person.id for person in shipped.officials}


def test_people_named_on_thin_ground_are_quiet(shipped: Watchlist) -> None:
    assert {person.id for person in shipped.people if person.quiet} == {
        "mohammad-esmail-shushtari",
        "morteza-bakhtiari",
        "mirza-najaf-aghazadeh",
        "ali-mobasheri",
        "hassan-rouhani",
    }


def test_every_official_is_named_in_latin_persian_and_arabic(shipped: Watchlist) -> None:
    assert all(person.aliases and person.fa and person.ar for person in shipped.officials)


def test_each_form_is_listed_in_one_spelling(shipped: Watchlist) -> None:
    """Folding makes ی/ي, ک/ك, digits and separators one; no list repeats what it makes one."""
    marks = re.compile(r"[^\W_]")
    yeh_and_kaf = str.maketrans("يك", "یک")
    for topic in (topic for topic in shipped.topics if topic.language in ("fa", "ar")):
        phrases = topic.strong + topic.medium + topic.weak
        letters = ["".join(marks.findall(phrase.translate(yeh_and_kaf))) for phrase in phrases]
        assert len(letters) == len(set(letters)), topic.language


def test_what_arabic_calls_main_is_no_rare_surname(shipped: Watchlist) -> None:
    """رئیسی folds to the same letters as Arabic's word for "main"."""
    raisi = next(person for person in shipped.people if person.id == "ebrahim-raisi")
    assert fold("رئيسي") == fold("رئیسی")
    assert fold("رئيسي") in set(map(fold, raisi.needs_context))
    assert fold("رئيسي") not in set(map(fold, raisi.surnames + raisi.names))


def test_wording_never_judges(shipped: Watchlist) -> None:
    harsh = re.compile("(?i)perpetrator|butcher|henchm|murderer|criminal|guilty")
    assert not [person.id for person in shipped.people if harsh.search(person.say)]
    assert not [person.id for person in shipped.people if "[" in person.say or "..." in person.say]


def test_bare_surnames_need_context(shipped: Watchlist) -> None:
    bare = {fold(form) for person in shipped.people for form in person.names}
    assert not bare & {"raisi", "nouri", "khamenei", "mousavi", "ahmadi", fold("نوری")}


# ---------------------------------------------------------------- values


def test_a_group_that_no_rule_knows_is_refused() -> None:
    line = 'name = "A Person"'
    assert line in SMALL
    (person,) = parse_watchlist(SMALL.replace(line, f'{line}\ngroup = "noury"'), "x").people
    assert person.group == "noury"
    (problem,) = problems(SMALL.replace(line, f'{line}\ngroup = "nouri"'))
    assert "group" in problem
    assert "noury" in problem


def test_a_small_watchlist_is_read() -> None:
    watchlist = parse_watchlist(SMALL, "list.toml")
    (person,) = watchlist.people
    assert person.names == ("Anna Person", "آنا پرسون")
    assert person.sources[0].year == 2020
    assert dict(watchlist.context.groups)["law"] == ("Svea",)


def test_a_watchlist_travels_to_worker_processes() -> None:
    watchlist = parse_watchlist(SMALL, "list.toml")
    assert pickle.loads(pickle.dumps(watchlist)) == watchlist
    assert hash(watchlist) == hash(parse_watchlist(SMALL, "elsewhere.toml"))


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        pytest.param("Anna", "Hanna", False, id="alias"),
        pytest.param("in 1988", "in 1989", False, id="wording"),
        pytest.param('["Svea"]', '["Svea", "Durrës"]', False, id="context"),
        pytest.param("[context]", "# a comment\n\n[context]", True, id="comment"),
    ],
)
def test_the_version_changes_with_the_content(old: str, new: str, same: bool) -> None:
    before, after = (parse_watchlist(t, "x").version for t in (SMALL, SMALL.replace(old, new)))
    assert before.startswith("1+")
    assert (before == after) is same


@pytest.mark.parametrize(
    ("old", "new", "quiet"),
    [
        pytest.param("", "", False, id="office-held"),
        pytest.param('"office-held"', '"office-held"\nhold = true', True, id="held"),
        pytest.param("office-held", "advocacy-list", True, id="advocacy-list"),
        pytest.param("office-held", "not-verified", True, id="not-verified"),
        pytest.param("office-held", "background-only", True, id="background-only"),
        pytest.param("office-held", "activist-reports", False, id="activist-reports"),
    ],
)
def test_who_is_quiet(old: str, new: str, quiet: bool) -> None:
    (person,) = parse_watchlist(SMALL.replace(old, new), "x").people
    assert person.quiet is quiet


def test_two_people_may_share_a_form_that_needs_context() -> None:
    watchlist = parse_watchlist(META + PERSON + other() + REST, "x")
    assert [person.needs_context for person in watchlist.people] == [("Person",), ("Person",)]


def test_values_are_frozen() -> None:
    (person,) = parse_watchlist(SMALL, "x").people
    assert isinstance(person, Person)
    with pytest.raises(ValueError, match="frozen"):
        person.hold = True


# ---------------------------------------------------------------- what is refused

ROW = [
    pytest.param('"a-person"', '"A Person"', "person[0]", "an id is small Latin", id="odd id"),
    pytest.param('"official"', '"villain"', ".kind", "official", id="unknown kind"),
    pytest.param("office-held", "rumour", ".claim_basis", "court-judgment", id="unknown basis"),
    pytest.param("say =", "says =", ".says", "no such key; did you mean say?", id="unknown key"),
    pytest.param('say = "held an office in 1988"', "", ".say", "required", id="missing key"),
    pytest.param('say = "held an office in 1988"', 'say = ""', ".say", "hold", id="nothing to say"),
    pytest.param('"Anna Person"', '""', ".aliases[0]", "at least 1", id="empty alias"),
    pytest.param('"Anna Person"', '"—"', ".aliases", "match anything", id="no letters"),
    pytest.param('"Anna Person"', '"Al"', ".aliases", "needs_context", id="short alias"),
    pytest.param('"Anna Person"', '"PERSON"', ".aliases", "keep one", id="weak and strong"),
    pytest.param('"Anna Person"', '"An\\u0000na"', ".aliases[0]", "control", id="NUL"),
    pytest.param('"Anna Person"', '"An\\u202Ena"', ".aliases[0]", "bidi", id="bidi override"),
    pytest.param('"Anna Person"', '"An\\u200Bna"', ".aliases[0]", "invisible", id="zero width"),
    pytest.param('"Anna Person"', '"Anna\\nP"', ".aliases[0]", "line break", id="line break"),
    pytest.param('"Anna Person"', f'"{"a" * 121}"', ".aliases[0]", "120", id="long alias"),
    pytest.param('["Person"]', str(["P"] * 501), ".needs_context", "500", id="many forms"),
    pytest.param('["Anna Person"]', "7", ".aliases", "a list of texts", id="no list"),
    pytest.param("year = 2020", "year = 20", ".sources[0].year", "1900", id="odd year"),
    pytest.param(
        "year = 2020", 'url = "ftp://a"', ".sources[0].url", "http:// or https://", id="odd address"
    ),
    pytest.param("title =", "titel =", ".sources[0].titel", "mean title?", id="key inside a row"),
    pytest.param('["Person"]', '["Person"]\nblue = 1', ".blue", "no such key.", id="no key at all"),
    pytest.param('"Anna Person"', '"Anna"', ".aliases", "one word is no full name", id="one word"),
    pytest.param("آنا پرسون", "آناپرسون", ".fa", "one word is no full name", id="one joined word"),
    pytest.param('"A Person"', '"Person"', ".name", "one word is no", id="name of a word"),
    pytest.param(
        '"a-person"', '"massacre-1988"', ".id", "a shipped topic has this id", id="id of a topic"
    ),
    pytest.param("seen = true", 'seen = "yes"', ".sources[0].seen", "boolean", id="text for bool"),
    pytest.param(
        "claim_basis", "court_finding = true\nclaim_basis", ".court_finding", "court-judgment",
        id="finding without judgment",
    ),
    pytest.param(
        "claim_basis", 'deceased = "May"\nclaim_basis', ".deceased", "YYYY-MM-DD", id="odd date"
    ),
    pytest.param(
        "claim_basis", "deceased = 1999-05-01\nclaim_basis", ".deceased", "quotes", id="bare date"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "key", "said"), ROW)
def test_a_row_is_refused_with_its_place(old: str, new: str, key: str, said: str) -> None:
    text = SMALL.replace(old, new, 1)
    (problem,) = [p for p in problems(text) if key in p and said in p]
    assert problem.startswith(f"list.toml:{line_of(text, 0, problem)}: person[0]")


def line_of(text: str, start: int, problem: str) -> int:
    """The line of the key that a problem names, from a line on; else of the row's header, `[[`."""
    lines = text.splitlines()
    key = re.split(r"[.\[]", problem.partition('".')[2].partition(":")[0])[0]
    places = range(start, len(lines))
    found = next((n for n in places if re.match(rf"{key} *=", lines[n])), None)
    return 1 + (found if found is not None else lines.index("[[person]]"))


def test_a_person_without_any_form_is_refused() -> None:
    text = re.sub(r"(?m)^(aliases|fa|needs_context) = .*$", "", SMALL)
    assert "give a form" in problems(text)[0]


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        pytest.param(other().replace("b-person", "a-person"), "this id is used above", id="id"),
        pytest.param(other(Berta="Anna"), "names 'a-person' too", id="alias"),
        pytest.param(other(Berta="ANNA\u200c"), "names 'a-person' too", id="alias folded"),
        pytest.param(other(**{'"Berta Person"': '"Anna-Person"'}), "too", id="alias hyphened"),
        pytest.param(other(برتا="آنا"), "names 'a-person' too", id="Persian alias"),
    ],
)  # fmt: skip
def test_two_rows_may_not_claim_the_same(extra: str, said: str) -> None:
    found = problems(META + PERSON + extra + REST)
    assert any(said in problem for problem in found), found
    text = META + PERSON + extra + REST
    lines = [f"list.toml:{line_of(text, 15, problem)}: person[1] " for problem in found]
    assert all(problem.startswith(line) for line, problem in zip(lines, found, strict=True))


@pytest.mark.parametrize(
    ("extra", "place", "said"),
    [
        pytest.param(
            '[[not_this]]\nid="x"\nname="X"\nwhen="1988"\nrelation="far"\ntriggers=["x"]\nwhy="y"',
            'not_this[0] "x".relation', "different", id="relation",
        ),
        pytest.param(
            '[[not_this]]\nid="x"\nname="X"\nwhen="1988"\nrelation="different"\ntriggers=[]\nwhy=""',
            'not_this[0] "x".triggers', "at least 1", id="no trigger",
        ),
        pytest.param(
            '[[topic]]\nid="massacre-1988"\nlanguage="en"', 'topic[1] "massacre-1988".language',
            "above", id="topic language twice",
        ),
        pytest.param('[[topic]]\nid="own"\nlanguage="xx1"', ".language", "small", id="language"),
        pytest.param('[[org]]\nid="o"\nname="O"\nkind="x"', 'org[0] "o".kind', "party", id="org"),
        pytest.param('[[place]]\nid="p"\nname="P"\nfa=["…"]', 'place[0] "p".fa', "any", id="place"),
        pytest.param("[thing]\na = 1", "thing", "no such key", id="section"),
    ],
)  # fmt: skip
def test_other_sections_are_checked(extra: str, place: str, said: str) -> None:
    (problem,) = problems(f"{SMALL}\n{extra}\n")
    assert place in problem
    assert said in problem


@pytest.mark.parametrize("section", ["person", "topic"])
def test_a_list_without_rows_would_find_nothing(section: str) -> None:
    parts = re.split(r"(?m)^(?=\[)", SMALL)
    kept = [part for part in parts if not part.startswith(f"[[{section}]]")]
    (problem,) = problems(f"{section} = []\n" + "".join(kept))
    assert f"{section}: empty" in problem


@pytest.mark.parametrize("section", ["meta", "person", "topic", "context", "years"])
def test_a_missing_section_is_named(section: str) -> None:
    parts = re.split(r"(?m)^(?=\[)", SMALL)
    text = "".join(part for part in parts if not part.strip("[").startswith(section))
    assert any(f"{section}: Field required" in problem for problem in problems(text))


def test_a_section_of_the_wrong_shape_is_named() -> None:
    text = META + '[person]\nid = "a-person"\n' + REST
    assert problems(text)[0].startswith("list.toml:3: person: ")


def test_all_problems_are_told_at_once() -> None:
    text = SMALL.replace('"official"', '"villain"').replace("office-held", "rumour")
    assert len(problems(text)) == 2


# ---------------------------------------------------------------- admins' own topics

OWN = """
[[own_topic]]
id = "sanctions"
name = "Sanctions"
query = '("asset freeze" OR sanction*) NEAR/10 (Raisi OR رئیسی) NOT football'
"""


def test_an_own_topic_is_read() -> None:
    (topic,) = parse_watchlist(SMALL + OWN, "list.toml").own_topics
    assert (topic.id, topic.name, topic.note) == ("sanctions", "Sanctions", "")
    assert topic.query.startswith('("asset freeze" OR')


def test_a_query_may_run_over_lines_and_hides_nothing() -> None:
    lines = OWN.replace("query = '", 'query = """\n  ').replace("football'", 'foot\\u202Eball"""')
    (topic,) = parse_watchlist(SMALL + lines.replace(" NOT", "\n  NOT"), "list.toml").own_topics
    (plain,) = parse_watchlist(SMALL + OWN, "list.toml").own_topics
    assert topic.query == plain.query.replace(" NOT", "\nNOT")


def test_none_is_shipped(shipped: Watchlist) -> None:
    assert shipped.own_topics == ()


@pytest.mark.parametrize("change", [("football", "tennis"), ("Sanctions", "Freezes")])
def test_the_version_changes_with_an_own_topic(change: tuple[str, str]) -> None:
    texts = (SMALL, SMALL + OWN, SMALL + OWN.replace(*change))
    assert len({parse_watchlist(text, "x").version for text in texts}) == 3


@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        pytest.param(" NOT football", " and football", "query", "“and”: write AND", id="operator"),
        pytest.param("(Raisi", "((Raisi", "query", "“(”: it is never closed", id="parenthesis"),
        pytest.param("NEAR/10", "NEAR", "query", "“NEAR”: say how many", id="nearness"),
        pytest.param("football", "x", "query", "at least 2 letters", id="one letter"),
        pytest.param("football", "foot " * 500, "query", "2000", id="too long"),
        pytest.param("query", "words", "words", "no such key", id="unknown key"),
        pytest.param('"Sanctions"', '""', "name", "at least 1", id="no name"),
        pytest.param('"sanctions"', '"Our topic"', "id", "small Latin letters", id="odd id"),
        pytest.param(
            '"sanctions"', '"massacre-1988"', "id", "a shipped topic has", id="topic's id"
        ),
        pytest.param('"sanctions"', '"a-person"', "id", "a person has this id", id="person's id"),
    ],
)
def test_an_own_topic_is_refused_with_its_place(old: str, new: str, key: str, said: str) -> None:
    found = problems(SMALL + OWN.replace(old, new, 1))
    line = SMALL.count("\n") + 2 + ["", "id", "name", "query"].index(key if key in OWN else "query")
    assert any(p.startswith(f"list.toml:{line}: own_topic[0]") and said in p for p in found), found
    assert any(f".{key}: " in problem for problem in found)


def test_an_only_negative_query_is_refused() -> None:
    text = re.sub("query = .*", "query = 'NOT football'", SMALL + OWN)
    assert 'own_topic[0] "sanctions".query: The query needs at least one word' in problems(text)[0]


def test_two_own_topics_have_two_ids() -> None:
    (problem,) = problems(SMALL + OWN + OWN)
    assert "own_topic[1]" in problem
    assert "another own topic has this id" in problem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("[meta\n", "line 1", id="syntax"),
        pytest.param(META + 'a = "x', "end of document", id="open string"),
        pytest.param("a = " + "[" * 5_000, "not TOML", id="nested too deeply"),
        pytest.param("a = " + "9" * 5_000, "not TOML", id="huge number"),
        pytest.param("#" * 2_000_001, "longer than", id="too long"),
        pytest.param("", "required", id="empty"),
        pytest.param('\x00a = "b"', "line 1", id="NUL byte"),
    ],
)
def test_what_is_no_watchlist_is_refused(text: str, said: str) -> None:
    assert any(said in problem for problem in problems(text))


def test_the_shipped_text_is_the_file_itself() -> None:
    assert tomllib.loads(config.shipped_watchlist())["meta"]["version"] == "2026-11-22"
