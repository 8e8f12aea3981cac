"""The shipped watchlist with admins' changes over it, and their edits."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import config
from tests.unit.test_watchlist import META, PERSON, REST, other
from watchers import amend
from watchers.amend import Edit, Joined
from watchers.changes import WatchRow, WatchRows
from watchers.errors import InputInvalid, WatchlistInvalid, WatchUnknown
from watchers.watchlist import Person, read_file
from watchers.watchlist_rows import File

TEXT = META + PERSON + other() + REST
SHIPPED = read_file(TEXT, "list.toml")


def joined(*rows: WatchRow, shipped: File = SHIPPED, revision: int = 3) -> Joined:
    return amend.joined(shipped, WatchRows(revision, rows))


def edited(joint: Joined, *edits: Callable[[Joined], Edit]) -> Joined:
    """The list after these edits, one upon the other."""
    for edit in edits:
        joint = amend.after(joint, edit(joint))
    return joint


def person(joint: Joined, person_id: str) -> Person:
    (found,) = [p for p in joint.watchlist.people if p.id == person_id]
    return found


def ids(joint: Joined) -> list[str]:
    return [p.id for p in joint.watchlist.people]


def updated(*changes: tuple[str, str]) -> File:
    """The shipped file after an update."""
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return read_file(text, "list.toml")


# ---------------------------------------------------------------- joining


def test_without_rows_it_is_the_shipped_list() -> None:
    joint = joined()
    assert joint.watchlist.version == amend.joined(SHIPPED, WatchRows(0, ())).watchlist.version
    assert (ids(joint), joint.revision) == (["a-person", "b-person"], 3)
    assert (joint.differences, joint.unusable) == ((), ())


def test_an_admins_row_stands_in_place_of_the_shipped_one() -> None:
    joint = edited(joined(), lambda j: amend.change(j, "a-person", "say", "as reported"))
    assert person(joint, "a-person").say == "as reported"
    assert ids(joint) == ["a-person", "b-person"]
    assert joint.revision == 4


def test_officials_come_first_whoever_added_them() -> None:
    joint = edited(
        joined(),
        lambda j: amend.add_person(j, "s-person", "S Person", kind="survivor"),
        lambda j: amend.add_person(j, "o-person", "O Person"),
    )
    assert ids(joint) == ["a-person", "b-person", "o-person", "s-person"]


CHANGES: dict[str, Callable[[Joined], Edit]] = {
    "alias": lambda j: amend.add_alias(j, "a-person", "Hanna Person"),
    "wording": lambda j: amend.change(j, "a-person", "status", "Retired."),
    "hold": lambda j: amend.hold(j, "a-person", on=True),
    "removal": lambda j: amend.remove(j, "b-person"),
    "person": lambda j: amend.add_person(j, "c-person", "C Person"),
    "topic": lambda j: amend.put_topic(j, "graves", "Graves", "grave"),
}


@pytest.mark.parametrize("edit", CHANGES.values(), ids=CHANGES)
def test_any_change_is_another_version_and_undoing_it_the_first(
    edit: Callable[[Joined], Edit],
) -> None:
    before = joined()
    change = edit(before)
    assert len(change.rows) == 1
    after = amend.after(before, change)
    assert after.watchlist.version != before.watchlist.version
    back = amend.after(after, amend.take_shipped(after, change.rows[0].id))
    assert back.watchlist == before.watchlist
    assert back.rows == {}


def test_the_order_of_edits_does_not_count() -> None:
    edits = [lambda j, i=i: amend.add_person(j, f"{i}-person", f"{i.title()} Person")
             for i in ("zeta", "alpha")]  # fmt: skip
    one, other_way = edited(joined(), *edits), edited(joined(), *reversed(edits))
    assert one.watchlist.version == other_way.watchlist.version
    as_stored = sorted(one.rows.values(), key=lambda row: (row.section, row.id))
    assert joined(*as_stored).watchlist.version == one.watchlist.version


def test_a_row_that_becomes_the_shipped_one_again_is_dropped() -> None:
    joint = edited(joined(), lambda j: amend.hold(j, "a-person", on=True))
    edit = amend.hold(joint, "a-person", on=False)
    assert (edit.rows, edit.drop) == ((), (("person", "a-person"),))


# ---------------------------------------------------------------- rows that do not fit any more

ODD_ROWS: dict[str, WatchRow] = {
    "no section": WatchRow("place", "evin", {"name": "Evin"}),
    "nothing in it": WatchRow("person", "x", {}),
    "unknown key": WatchRow("person", "x", {"nmae": "X"}),
    "wrong types": WatchRow("person", "x", {"name": 7, "aliases": {"a": 1}, "hold": "maybe"}),
    "odd id": WatchRow("person", "Nobody Of This Id", {"name": "X"}),
    "bad query": WatchRow("own_topic", "t", {"name": "T", "query": "((("}),
    "a shipped id": WatchRow("own_topic", "a-person", {"name": "T", "query": "grave"}),
    "a removal of nobody's": WatchRow("colour", "x", None),
}


@pytest.mark.parametrize("row", ODD_ROWS.values(), ids=ODD_ROWS)
def test_a_row_that_cannot_be_read_is_left_out_and_told(row: WatchRow) -> None:
    good = amend.add_alias(joined(), "a-person", "Hanna Person").rows[0]
    joint = joined(row, good)
    (bad,) = joint.unusable
    assert (bad.section, bad.id) == (row.section, row.id)
    assert bad.reason
    assert "Hanna Person" in person(joint, "a-person").aliases


def test_a_shipped_update_that_claims_an_alias_leaves_the_admins_row_out() -> None:
    row = amend.add_alias(joined(), "b-person", "Hanna Person").rows[0]
    shipped = updated(('["Anna Person"]', '["Anna Person", "Hanna Person"]'))
    joint = joined(row, shipped=shipped)
    (bad,) = joint.unusable
    assert bad.id == "b-person"
    assert bad.reason.startswith("aliases: 'Hanna Person' names 'a-person' too; move it")
    assert person(joint, "b-person").aliases == ("Berta Person",)


def test_so_it_is_where_the_shipped_row_stands_later_in_the_list() -> None:
    row = amend.add_alias(joined(), "a-person", "Hanna Person").rows[0]
    shipped = updated(('["Berta Person"]', '["Berta Person", "Hanna Person"]'))
    joint = joined(row, shipped=shipped)
    assert [(bad.id, bad.reason) for bad in joint.unusable] == [
        ("a-person", "'Hanna Person' names 'b-person' too")
    ]
    assert "Hanna Person" in person(joint, "b-person").aliases


def test_a_form_may_move_from_one_to_another_though_a_third_row_is_odd() -> None:
    moved = edited(
        joined(),
        lambda j: amend.drop_alias(j, "b-person", "برتا پرسون"),
        lambda j: amend.add_alias(j, "a-person", "برتا پرسون"),
    )
    again = joined(*moved.rows.values(), ODD_ROWS["bad query"])
    assert [bad.id for bad in again.unusable] == ["t"]
    assert "برتا پرسون" in person(again, "a-person").fa


def test_an_unusable_row_can_be_mended() -> None:
    row = amend.add_alias(joined(), "b-person", "Hanna Person").rows[0]
    shipped = updated(('["Anna Person"]', '["Anna Person", "Hanna Person"]'))
    joint = joined(row, shipped=shipped)
    joint = edited(joint, lambda j: amend.drop_alias(j, "b-person", "hanna-person"))
    assert joint.unusable == ()


def test_removing_everybody_is_refused_and_rows_that_do_are_left_out() -> None:
    one = edited(joined(), lambda j: amend.remove(j, "a-person"))
    with pytest.raises(WatchlistInvalid, match="nothing would be found"):
        amend.remove(one, "b-person")
    joint = joined(*(WatchRow("person", f"{letter}-person", None) for letter in "ab"))
    assert ids(joint) == ["a-person", "b-person"]
    assert [bad.id for bad in joint.unusable] == ["a-person", "b-person"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
ROWS = st.builds(
    WatchRow,
    st.sampled_from(["person", "own_topic"]) | st.text(),
    st.sampled_from(["a-person", "c-person", "massacre-1988"]) | st.text(),
    st.none() | st.dictionaries(st.sampled_from([*Person.model_fields, "query"]) | st.text(), JSON),
    st.text(),
)


@given(st.lists(ROWS, max_size=6))
def test_nothing_that_is_stored_can_stop_the_program(rows: list[WatchRow]) -> None:
    joint = joined(*rows)
    assert joint.watchlist.people
    assert len(joint.used) + len(joint.unusable) == len(joint.rows)


# ---------------------------------------------------------------- differences


def test_an_update_under_an_admins_row_is_shown_and_changes_nothing() -> None:
    row = amend.hold(joined(), "a-person", on=True).rows[0]
    assert joined(row).differences == ()
    joint = joined(row, shipped=updated(('["Anna Person"]', '["Anna Person", "Ana Person"]')))
    (difference,) = joint.differences
    assert (difference.section, difference.id, difference.what) == ("person", "a-person", "changed")
    assert isinstance(difference.shipped, Person)
    assert difference.shipped.aliases == ("Anna Person", "Ana Person")
    assert person(joint, "a-person").aliases == ("Anna Person",)


def test_a_difference_is_settled_by_keeping_or_by_taking() -> None:
    row = amend.hold(joined(), "a-person", on=True).rows[0]
    joint = joined(row, shipped=updated(('["Anna Person"]', '["Anna Person", "Ana Person"]')))
    kept = edited(joint, lambda j: amend.keep_own(j, "a-person"))
    assert (kept.differences, person(kept, "a-person").hold) == ((), True)
    taken = edited(joint, lambda j: amend.take_shipped(j, "a-person"))
    assert (taken.differences, person(taken, "a-person").hold) == ((), False)


def test_an_edit_does_not_hide_a_difference() -> None:
    row = amend.hold(joined(), "a-person", on=True).rows[0]
    joint = joined(row, shipped=updated(('["Anna Person"]', '["Anna Person", "Ana Person"]')))
    joint = edited(joint, lambda j: amend.change(j, "a-person", "doubt", "The year."))
    assert [difference.what for difference in joint.differences] == ["changed"]


def test_people_that_an_update_brings_or_takes_away_under_a_row_are_shown() -> None:
    own = amend.add_person(joined(), "c-person", "Carla Person").rows[0]
    shipped = read_file(
        TEXT + other(**{"a-person": "c-person", "Anna": "Carla", "آنا": "کارلا"}), "x"
    )
    joint = joined(own, shipped=shipped)
    assert [difference.what for difference in joint.differences] == ["came"]
    held = amend.hold(joined(shipped=shipped), "c-person", on=True).rows[0]
    joint = joined(held)
    assert [difference.what for difference in joint.differences] == ["gone"]
    assert "c-person" in ids(joint)


def test_a_removal_of_somebody_who_is_not_shipped_any_more_is_no_difference() -> None:
    shipped = read_file(
        TEXT + other(**{"a-person": "c-person", "Anna": "Carla", "آنا": "کارلا"}), "x"
    )
    row = amend.remove(joined(shipped=shipped), "c-person").rows[0]
    joint = joined(row)
    assert (joint.differences, joint.unusable) == ((), ())


# ---------------------------------------------------------------- people


def test_somebody_new_is_on_hold_and_not_verified() -> None:
    edit = amend.add_person(joined(), "c-person", "  Carla   Person ")
    assert (edit.action, edit.detail) == ("watch.add", "Carla Person (official)")
    (row,) = edit.rows
    assert (row.section, row.id, row.base) == ("person", "c-person", "")
    new = person(amend.after(joined(), edit), "c-person")
    assert (new.name, new.aliases, new.kind) == ("Carla Person", ("Carla Person",), "official")
    assert (new.hold, new.claim_basis, new.say, new.quiet) == (True, "not-verified", "", True)


def test_the_wording_comes_before_the_name_is_shown() -> None:
    joint = edited(joined(), lambda j: amend.add_person(j, "c-person", "Carla Person"))
    with pytest.raises(WatchlistInvalid, match="give neutral wording"):
        amend.hold(joint, "c-person", on=False)
    joint = edited(
        joint,
        lambda j: amend.change(j, "c-person", "say", "held an office"),
        lambda j: amend.hold(j, "c-person", on=False),
    )
    assert not person(joint, "c-person").hold


def test_each_alias_goes_to_its_script() -> None:
    forms = ["Carla Person", "کارلا پرسون", "كارلا بيرسون", "Карла Персон", "رضا بهرام"]
    new = person(
        edited(joined(), lambda j: amend.add_person(j, "c-person", "C Person", aliases=forms)),
        "c-person",
    )
    assert new.aliases == ("Carla Person", "Карла Персон")
    assert (new.fa, new.ar) == (("کارلا پرسون", "رضا بهرام"), ("كارلا بيرسون",))


@pytest.mark.parametrize(
    ("form", "key"),
    [
        pytest.param("Hanna Person", "aliases", id="Latin"),
        pytest.param("هانا پرسون", "fa", id="Persian letters"),
        pytest.param("علی\u200cرضا بهرام", "fa", id="ZWNJ"),
        pytest.param("هناء رضا", "fa", id="either"),
        pytest.param("هنا الرئيسي", "ar", id="Arabic yeh"),
        pytest.param("فاطمة رضا", "ar", id="teh marbuta"),
        pytest.param("گزارش رئيس", "fa", id="Persian letter beside an Arabic one"),
    ],
)
def test_an_alias_is_added(form: str, key: str) -> None:
    edit = amend.add_alias(joined(), "a-person", form)
    assert (edit.action, edit.detail) == ("watch.add-alias", form)
    assert form in getattr(person(amend.after(joined(), edit), "a-person"), key)


def test_an_alias_that_needs_context_is_kept_apart() -> None:
    edit = amend.add_alias(joined(), "a-person", "Al", in_context=True)
    assert person(amend.after(joined(), edit), "a-person").needs_context == ("Person", "Al")
    assert edit.detail == "Al (in context)"


REFUSED: dict[str, tuple[Callable[[Joined], Edit], type[Exception], str]] = {
    "alias there": (
        lambda j: amend.add_alias(j, "a-person", "anna-PERSON"), InputInvalid,
        "'anna-PERSON' is there already as 'Anna Person'.",
    ),
    "alias there, joined": (
        lambda j: amend.add_alias(j, "a-person", "آناپرسون", in_context=True), InputInvalid,
        "is there already as 'آنا پرسون'.",
    ),
    "alias there in context": (
        lambda j: amend.add_alias(j, "a-person", "Person"), InputInvalid,
        "is there already as 'Person', and needs context: drop that first.",
    ),
    "alias of another": (
        lambda j: amend.add_alias(j, "a-person", "BERTA PERSON"), InputInvalid,
        "'BERTA PERSON' names 'b-person' already; both can have it as a form in context.",
    ),
    "short alias": (
        lambda j: amend.add_alias(j, "a-person", "Al"), InputInvalid,
        "'Al' is under 3 letters: it can only be a form that needs context.",
    ),
    "alias of no letters": (
        lambda j: amend.add_alias(j, "a-person", "—", in_context=True), InputInvalid,
        "'—' has no letter or digit and would match anything.",
    ),
    "alias that is the name": (
        lambda j: amend.add_alias(j, "a-person", "a person"), InputInvalid,
        "is the name of 'a-person', which is searched for in any case",
    ),
    "long alias": (
        lambda j: amend.add_alias(j, "a-person", "a" * 121), InputInvalid, "at most 120 characters",
    ),
    "one word": (
        lambda j: amend.add_alias(j, "a-person", "Hanna"), InputInvalid,
        "'Hanna': one word is no full name: add it with --in-context (chat: /watch ID context",
    ),
    "one word, joined": (
        lambda j: amend.add_alias(j, "a-person", "هاناپرسون"), InputInvalid, "is no full name",
    ),
    "ordinary word": (
        lambda j: amend.add_alias(j, "a-person", "IRAN"), InputInvalid,
        "'IRAN' is an ordinary word of the watchlist",
    ),
    "ordinary word in context": (
        lambda j: amend.add_alias(j, "a-person", "Evin", in_context=True), InputInvalid,
        "'Evin' is an ordinary word of the watchlist",
    ),
    "phrase of the topic": (
        lambda j: amend.add_alias(j, "a-person", "1988 prison-massacre"), InputInvalid,
        "is an ordinary word of the watchlist",
    ),
    "surname of another": (
        lambda j: amend.add_alias(j, "b-person", "Quux", in_context=True), InputInvalid,
        "'Quux' is also a form of 'a-person'",
    ),
    "name of another in context": (
        lambda j: amend.add_alias(j, "a-person", "Berta Person", in_context=True), InputInvalid,
        "'Berta Person' names 'b-person' already",
    ),
    "person of one word": (
        lambda j: amend.add_person(j, "c-person", "Carla"), InputInvalid, "is no full name",
    ),
    "person called by one word": (
        lambda j: amend.add_person(j, "c-person", "Carla", aliases=["Carla Person"]),
        WatchlistInvalid, "person 'c-person'.name: 'Carla': one word is no full name",
    ),
    "another name of one word": (
        lambda j: amend.change(j, "a-person", "name", "Iran"), WatchlistInvalid,
        "person 'a-person'.name: 'Iran'",
    ),
    "person with the shipped topic's id": (
        lambda j: amend.add_person(j, "massacre-1988", "Carla Person"), WatchlistInvalid,
        "person 'massacre-1988'.id: a shipped topic has this id",
    ),
    "person with an own topic's id": (
        lambda j: amend.add_person(
            amend.after(j, amend.put_topic(j, "graves", "G", "grave")), "graves", "Carla Person"
        ),
        InputInvalid, "'graves' is on the watchlist already",
    ),
    "alias of nobody": (
        lambda j: amend.add_alias(j, "z-person", "Z Person"), WatchUnknown,
        "Nobody on the watchlist has the id 'z-person'.",
    ),
    "no such alias": (
        lambda j: amend.drop_alias(j, "a-person", "Carla"), WatchUnknown,
        "'a-person' has no form 'Carla'.",
    ),
    "dropping the name": (
        lambda j: amend.drop_alias(j, "a-person", "A Person"), InputInvalid,
        "change the name first",
    ),
    "id there": (
        lambda j: amend.add_person(j, "b-person", "Bea Person"), InputInvalid,
        "'b-person' is on the watchlist already; change it, or choose another id.",
    ),
    "name there": (
        lambda j: amend.add_person(j, "c-person", "APerson"), InputInvalid,
        "'a-person' is watched for by the name 'A Person' already.",
    ),
    "odd id": (
        lambda j: amend.add_person(j, "C Person", "C Person"), InputInvalid,
        "'C Person' cannot be kept so: id: an id is small Latin letters, digits and hyphens",
    ),
    "odd kind": (
        lambda j: amend.add_person(j, "c-person", "C Person", kind="villain"), InputInvalid,
        "kind: Input should be 'official'",
    ),
    "no such field": (
        lambda j: amend.change(j, "a-person", "court_finding", "yes"), InputInvalid,
        "'court_finding' cannot be changed. Choose one of name, kind,",
    ),
    "hold neither yes nor no": (
        lambda j: amend.change(j, "a-person", "hold", "perhaps"), InputInvalid,
        "hold: 'perhaps' is neither yes nor no.",
    ),
    "odd date": (
        lambda j: amend.change(j, "a-person", "deceased", "May"), InputInvalid, "deceased:",
    ),
    "no wording": (
        lambda j: amend.change(j, "a-person", "say", ""), WatchlistInvalid,
        "person 'a-person'.say: empty; give neutral wording, or set hold = true.",
    ),
    "topic with a person's id": (
        lambda j: amend.put_topic(j, "a-person", "A", "grave"), InputInvalid,
        "'a-person' is on the watchlist already",
    ),
    "topic with the shipped topic's id": (
        lambda j: amend.put_topic(j, "massacre-1988", "A", "grave"), WatchlistInvalid,
        "a shipped topic has this id; give another",
    ),
    "topic whose query cannot be read": (
        lambda j: amend.put_topic(j, "graves", "A", "grave AND ("), WatchlistInvalid,
        "own_topic 'graves'.query:",
    ),
    "removing nobody": (
        lambda j: amend.remove(j, "z-person"), WatchUnknown,
        "Nobody and no topic of the admins' has the id 'z-person'.",
    ),
    "taking what is shipped": (
        lambda j: amend.take_shipped(j, "a-person"), WatchUnknown,
        "Admins have not changed 'a-person'.",
    ),
    "keeping what is shipped": (
        lambda j: amend.keep_own(j, "a-person"), WatchUnknown, "Admins have not changed",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "error", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_in_words(
    edit: Callable[[Joined], Edit], error: type[Exception], said: str
) -> None:
    shipped = read_file(TEXT.replace('["Person"]', '["Person", "Quux"]', 1), "list.toml")
    with pytest.raises(error) as caught:
        edit(joined(shipped=shipped))
    assert said in str(caught.value)


def test_what_the_shipped_list_shares_or_has_may_be_given_and_kept() -> None:
    words = TEXT.replace('iran = ["Iran"]', 'iran = ["Iran", "Quux", "Person"]')
    shipped = read_file(words.replace('["Person"]', '["Person", "Quux"]'), "list.toml")
    joint = edited(joined(shipped=shipped), lambda j: amend.hold(j, "a-person", on=True))
    assert person(joint, "a-person").needs_context == ("Person", "Quux")
    row = PERSON.replace('["Person"]', '["Quux", "Person"]')
    assert len(amend.put_file(joint, row, "mine.toml").rows) == 1
    share = read_file(TEXT, "list.toml")  # both have "Person"
    new = edited(
        joined(shipped=share),
        lambda j: amend.add_person(j, "c-person", "Carla Person"),
        lambda j: amend.add_alias(j, "c-person", "Person", in_context=True),
    )
    assert person(new, "c-person").needs_context == ("Person",)


def test_an_alias_is_dropped_however_it_is_spelt() -> None:
    joint = edited(joined(), lambda j: amend.add_alias(j, "a-person", "Hanna-Marie Person"))
    edit = amend.drop_alias(joint, "a-person", "hannamarie person")
    assert edit.detail == "Hanna-Marie Person"
    assert amend.after(joint, edit).watchlist == joined().watchlist


FIELDS: dict[str, tuple[str, object]] = {
    "name": ("Anne Person", "Anne Person"),
    "kind": ("survivor", "survivor"),
    "status": (" Retired. ", "Retired."),
    "say": ("held an office, as reported", "held an office, as reported"),
    "claim_basis": ("testimony", "testimony"),
    "role_1988": ("clerk", "clerk"),
    "role_later": ("judge", "judge"),
    "denial": ("denies it", "denies it"),
    "doubt": ("the year", "the year"),
    "deceased": ("1999-05", "1999-05"),
    "hold": ("Yes", True),
}


@pytest.mark.parametrize(("field", "value", "kept"), [(k, *v) for k, v in FIELDS.items()])
def test_simple_fields_are_changed(field: str, value: str, kept: object) -> None:
    edit = amend.change(joined(), "a-person", field, value)
    assert (edit.action, edit.detail) == ("watch.change", f"{field} = {kept}")
    assert getattr(person(amend.after(joined(), edit), "a-person"), field) == kept


def test_every_field_that_can_be_changed_is_tested() -> None:
    assert set(FIELDS) == set(amend.FIELDS)


def test_a_death_that_was_wrongly_told_is_taken_back() -> None:
    joint = edited(joined(), lambda j: amend.change(j, "a-person", "deceased", "1999"))
    edit = amend.change(joint, "a-person", "deceased", "")
    assert edit.drop == (("person", "a-person"),)


# ---------------------------------------------------------------- removal, topics


def test_a_shipped_person_is_removed_and_brought_back() -> None:
    edit = amend.remove(joined(), "a-person")
    assert (edit.rows[0].row, edit.action, edit.detail) == (None, "watch.remove", "A Person")
    joint = amend.after(joined(), edit)
    assert ids(joint) == ["b-person"]
    with pytest.raises(InputInvalid, match="was removed; take the shipped row back"):
        amend.add_person(joint, "a-person", "Another")
    with pytest.raises(WatchUnknown):
        amend.hold(joint, "a-person", on=True)
    assert ids(edited(joint, lambda j: amend.take_shipped(j, "a-person"))) == ids(joined())


def test_an_own_person_is_removed_for_good() -> None:
    joint = edited(joined(), lambda j: amend.add_person(j, "c-person", "Carla Person"))
    edit = amend.remove(joint, "c-person")
    assert (edit.rows, edit.drop) == ((), (("person", "c-person"),))


def test_an_own_topic_is_put_changed_and_removed() -> None:
    joint = edited(joined(), lambda j: amend.put_topic(j, "graves", "Graves", "grave OR graves"))
    (topic,) = joint.watchlist.own_topics
    assert (topic.id, topic.name, topic.query) == ("graves", "Graves", "grave OR graves")
    joint = edited(joint, lambda j: amend.put_topic(j, "graves", "All graves", "grave*"))
    assert [(t.name, t.query) for t in joint.watchlist.own_topics] == [("All graves", "grave*")]
    assert edited(joint, lambda j: amend.remove(j, "graves")).watchlist.own_topics == ()


def test_a_row_that_cannot_be_read_can_be_removed() -> None:
    joint = joined(ODD_ROWS["wrong types"], ODD_ROWS["no section"])
    edit = amend.remove(joint, "x")
    assert edit.drop == (("person", "x"),)


# ---------------------------------------------------------------- files


def test_rows_of_a_file_stand_in_place_of_those_of_their_ids() -> None:
    topic = '[[own_topic]]\nid = "graves"\nname = "Graves"\nquery = "grave"\n'
    text = PERSON.replace("Anna Person", "Hanna Person") + topic
    edit = amend.put_file(joined(), text, "mine.toml")
    assert (edit.action, edit.detail) == ("watch.file", "mine.toml: 2 rows")
    joint = amend.after(joined(), edit)
    assert person(joint, "a-person").aliases == ("Hanna Person",)
    assert [topic.id for topic in joint.watchlist.own_topics] == ["graves"]
    assert ids(joint) == ["a-person", "b-person"]


def test_a_file_that_says_what_is_shipped_changes_nothing() -> None:
    edit = amend.put_file(joined(), PERSON, "mine.toml")
    assert (edit.rows, edit.drop) == ((), (("person", "a-person"),))


CARLA = {"b-person": "c-person", "برتا": "کارلا"}
FILES: dict[str, tuple[str, str]] = {
    "row that is odd": (
        PERSON.replace("official", "villain"), 'mine.toml:4: person[0] "a-person".kind: ',
    ),
    "other section": (PERSON + '[years]\njalali = ["1367"]\n', "years: no such key"),
    "claims a form": (
        "# mine\n" + other(**CARLA),
        "mine.toml:7: person[0] \"c-person\".aliases: 'Berta Person' names 'b-person' too",
    ),
    "claims it of one that stands later": (
        PERSON.replace("Anna", "Berta"), "person 'b-person'.aliases: 'Berta Person' names",
    ),
    "one word": (
        "# mine\n" + PERSON.replace("Anna Person", "Anna"),
        "'Anna': one word is no full name; move it to needs_context",
    ),
    "ordinary word": (
        PERSON.replace('["Person"]', '["Person", "Iran"]'),
        "mine.toml:8: person[0] \"a-person\".needs_context: 'Iran' is an ordinary word",
    ),
    "misspelt key": (
        PERSON.replace("needs_context", "need_context"),
        '"a-person".need_context: no such key; did you mean needs_context?',
    ),
    "id twice": (
        PERSON + PERSON.replace("Anna", "Eva"), 'mine.toml:15: person[1] "a-person".id: this id',
    ),
    "no TOML": ("[[person]", "mine.toml: not TOML"),
    "query": (
        '[[own_topic]]\nid = "t"\nname = "T"\nquery = "AND"\n',
        'mine.toml:4: own_topic[0] "t".query: ',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), FILES.values(), ids=FILES)
def test_a_file_is_refused_whole_with_the_line(text: str, said: str) -> None:
    with pytest.raises(WatchlistInvalid) as caught:
        amend.put_file(joined(), text, "mine.toml")
    assert any(said in problem for problem in caught.value.problems), caught.value.problems


@pytest.mark.parametrize("text", ["", "# nothing\n", "person = []\n"], ids=repr)
def test_a_file_without_rows_is_refused(text: str) -> None:
    with pytest.raises(
        InputInvalid, match="no \\[\\[person\\]\\] and no \\[\\[own_topic\\]\\] rows"
    ):
        amend.put_file(joined(), text, "mine.toml")


# ---------------------------------------------------------------- what is kept


@pytest.mark.parametrize("shipped_id", ["ruhollah-khomeini", "hamid-noury"])
def test_a_row_says_all_that_the_shipped_one_said(shipped_id: str) -> None:
    shipped = read_file(config.shipped_watchlist(), "watchlist.toml")
    before = joined(shipped=shipped)
    after = edited(before, lambda j: amend.change(j, shipped_id, "doubt", "Another."))
    was, now = person(before, shipped_id), person(after, shipped_id)
    assert now == was.model_copy(update={"doubt": "Another."})


def test_many_rows_are_joined_in_bounded_time() -> None:
    shipped = read_file(config.shipped_watchlist(), "watchlist.toml")
    values: dict[str, Any] = {
        "name": "Name Number", "kind": "official", "status": "", "say": "",
        "claim_basis": "not-verified",
        "hold": True,
    }  # fmt: skip
    rows = [
        WatchRow("person", f"n-{n}", values | {"aliases": [f"Name Number {n % 1500}"]})
        for n in range(2_500)
    ]
    began = time.perf_counter()
    joint = amend.joined(shipped, WatchRows(1, tuple(rows)))
    assert time.perf_counter() - began < 10
    assert len(joint.unusable) == 1_000
    assert len(joint.watchlist.people) == 1_500 + len(shipped.person)
