"""Which sentences of two versions say the same in other words, and in what they differ. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rapidfuzz.distance import Indel

from watchers import update_words as said
from watchers.update_texts import Sentence, Version, class_of, word_set

_PAIR = 0.5  # of the weighty words of the shorter: two sentences that say much the same
_CANDIDATES = 12  # sentences looked at for one word of another
_SHARE = 0.34  # of a sentence's weighty words, likewise
_MENDED = 0.75  # similarity of a word and its mended form
_MENDED_NAME = 0.72  # "Raisi" and "Raeesi"; not "Karimi" and "Kazemi"
_STEM = 4  # letters in which two forms of a word agree
_EXCERPT = 60  # characters of a sentence in a reason
_WEAK = ("first", "last", "more", "less", "north", "south", "east", "west", "life")


def paired(left: Sequence[Sentence], right: Sequence[Sentence]) -> list[tuple[int, int]]:
    """Which sentence of one version became which of the other, the most alike first."""
    places: dict[str, list[int]] = {}
    for number, one in enumerate(right):
        for word in one.content or one.words:
            where = places.setdefault(word, [])
            if len(where) < _CANDIDATES:
                where.append(number)
    scored: list[tuple[float, int, int]] = []
    for number, one in enumerate(left):
        mine = one.content or frozenset(one.words)
        shared = Counter(at for word in mine for at in places.get(word, ()))
        for at, count in shared.most_common(_CANDIDATES):
            theirs = right[at].content or frozenset(right[at].words)
            alike = count / min(len(mine), len(theirs))
            if alike >= _PAIR:
                whole = count / max(len(mine), len(theirs))
                scored.append((-alike - whole, number, at))
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, number, at in sorted(scored):
        if number not in pairs and at not in taken:
            pairs[number] = at
            taken.add(at)
    return sorted(pairs.items())


# ---------------------------------------------------------------- what a pair differs in


def likeness(one: Sentence, other: Sentence) -> float:
    """Which share of the shorter one's words the longer one has, 0 to 1."""
    mine, theirs = frozenset(one.words), frozenset(other.words)
    return len(mine & theirs) / max(1, min(len(mine), len(theirs)))


def differences(
    was: Sentence, now: Sentence, old: Version, new: Version, most: int
) -> Iterator[str]:
    """What of the facts differs in two forms of one sentence; `most` words may be others."""
    found = [
        *figures_of(was, now, old, new),
        *classes_of("day", was, now),
        *classes_of("denial", was, now),
        *classes_of("deed", was, now),
    ]
    gone, come = _other_words(was, now, new, old)
    names = was.capitals | now.capitals | word_set(said.PLACES)
    firsts = frozenset((*was.words[:1], *now.words[:1]))  # any first word has a capital
    if firsts & (old.names | new.names) & (was.content | now.content):
        names |= firsts
    found += _names(gone & names, come & names, old, new)
    yield from found
    if found:
        return
    changed = max(len(gone), len(come))
    size = max(len(was.content), len(now.content))
    if changed > most or (changed > 1 and changed > _SHARE * size):
        yield f"reworded: {excerpt(now)}"


def figures_of(was: Sentence | None, now: Sentence | None, old: Version, new: Version) -> list[str]:
    """What became of the figures; None stands for a sentence that is not there."""
    before = was.figures(old.language) if was else []
    after = now.figures(new.language) if now else []
    one, other = ([f.value for f in some] for some in (before, after))
    if one == other:
        return []
    gone, come = Counter(one) - Counter(other), Counter(other) - Counter(one)
    soft = [f.value for f in (*before, *after) if f.is_word]
    if soft:  # "a man", "one man"
        del gone["1"], come["1"]
    lost, got = list(gone.elements()), list(come.elements())
    if not lost and not got:
        if sorted(one) == sorted(other):
            return ["figures changed places"]
        return []
    both = min(len(lost), len(got))
    return [
        *(f"figure {a} became {b}" for a, b in zip(lost, got, strict=False)),
        *(f"figure {value} was taken out" for value in lost[both:]),
        *(f"figure {value} was added" for value in got[both:]),
    ]


def classes_of(kind: str, was: Sentence, now: Sentence) -> list[str]:
    """Words of a class: a denial that came or went, a deed that became another."""
    before, after = ({class_of(kind, w): w for w in one.words} for one in (was, now))
    before.pop("", None)
    after.pop("", None)
    if kind == "denial":
        counts = [Counter(class_of(kind, w) for w in one.words) for one in (was, now)]
        for count in counts:
            del count[""]
        if counts[0] == counts[1]:
            return []
    gone = [word for name, word in before.items() if name not in after]
    come = [word for name, word in after.items() if name not in before]
    if not (gone and come):  # "in the north" for "there" is wording, "in the south" is not
        gone, come = ([w for w in some if class_of(kind, w) not in _WEAK] for some in (gone, come))
    both = min(len(gone), len(come))
    found = [f"“{a}” became “{b}”" for a, b in zip(gone, come, strict=False)]
    found += [f"“{word}” was taken out" for word in gone[both:]]
    found += [f"“{word}” was added" for word in come[both:]]
    return found or (["a denial was changed"] if kind == "denial" else [])


def _other_words(
    was: Sentence, now: Sentence, new: Version, old: Version
) -> tuple[frozenset[str], frozenset[str]]:
    """Weighty words that only one form has, slips of the pen and forms of one word left out."""
    gone = {word for word in was.content if word not in now.key and not class_of("day", word)}
    come = {word for word in now.content if word not in was.key and not class_of("day", word)}
    names = (was.capitals | now.capitals) & (gone | come)
    for word in sorted(gone):
        for other in sorted(come):
            known = word in new.words and other in old.words  # both stand elsewhere: two words
            if not known and _is_mended(word, other, is_name=word in names or other in names):
                gone.discard(word)
                come.discard(other)
                break
    return frozenset(gone), frozenset(come)


def _is_mended(word: str, other: str, *, is_name: bool) -> bool:
    """The same word, misspelt or in another form."""
    alike = Indel.normalized_similarity(word, other)
    if is_name:
        return alike >= _MENDED_NAME and min(len(word), len(other)) > _STEM
    stem = word[:_STEM] == other[:_STEM] and min(len(word), len(other)) >= _STEM
    return alike >= _MENDED or (stem and alike >= 0.6)


def _names(gone: frozenset[str], come: frozenset[str], old: Version, new: Version) -> list[str]:
    """Names that only one version has anywhere: "he" for a name told before is no change."""
    lost = sorted(word for word in gone if word not in new.words)
    got = sorted(word for word in come if word not in old.words)
    if lost and got:
        return [f"name changed: {' '.join(lost)} became {' '.join(got)}"]
    if lost:
        return [f"name taken out: {' '.join(lost)}"]
    return [f"name added: {' '.join(got)}"] if got else []


def excerpt(one: Sentence) -> str:
    """The beginning of a sentence, for a reason."""
    text = one.original
    return text if len(text) <= _EXCERPT else f"{text[: _EXCERPT - 1].rstrip()}…"
