"""How well articles were known, against labels: relevance and officials, by language and kind.

A label says `relevant`, `officials` and `cats` (what makes an item hard); an item that two careful
people would label differently (`borderline`) is left out of the figures on relevance. Precision,
recall and F1 as usual: F1 = 2tp / (2tp + fp + fn).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# The ids of the labels that the watchlist spells otherwise.
SAME = {"esmail-shushtari": "mohammad-esmail-shushtari"}


@dataclass
class Tally:
    """True and false positives, false negatives."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def add(self, *, said: bool, true: bool) -> None:
        """Count one judgment."""
        self.tp += said and true
        self.fp += said and not true
        self.fn += true and not said

    @property
    def f1(self) -> float:
        """1.0 when there was nothing to find and nothing was said."""
        errors = self.fp + self.fn
        return 1.0 if not errors else 2 * self.tp / (2 * self.tp + errors)

    def __str__(self) -> str:
        precision = self.tp / (self.tp + self.fp) if self.tp + self.fp else 1.0
        recall = self.tp / (self.tp + self.fn) if self.tp + self.fn else 1.0
        counts = f"(tp {self.tp} fp {self.fp} fn {self.fn})"
        return f"P {precision:.3f}  R {recall:.3f}  F1 {self.f1:.3f}   {counts}"


@dataclass
class Score:
    """Tallies by name ("all", a language, a kind), and every error as a line."""

    relevance: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    kinds: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    officials: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    errors: list[str] = field(default_factory=list)

    def add(self, item: Mapping[str, Any], relevant: bool, officials: Iterable[str]) -> None:
        """Count what was said of one labelled item."""
        labels, said = item["labels"], set(officials)
        true = {SAME.get(one, one) for one in labels["officials"]}
        problems = []
        if not labels.get("borderline"):
            for name in ("all", item["lang"]):
                self.relevance[name].add(said=relevant, true=labels["relevant"])
            for kind in labels["cats"]:
                self.kinds[kind].add(said=relevant, true=labels["relevant"])
            if relevant != labels["relevant"]:
                problems.append("false alarm" if relevant else "missed")
        for name in ("all", item["lang"]):
            for one in said | true:
                self.officials[name].add(said=one in said, true=one in true)
        problems += [f"missing {', '.join(sorted(true - said))}"] if true - said else []
        problems += [f"wrong {', '.join(sorted(said - true))}"] if said - true else []
        if problems:
            kinds = ",".join(labels["cats"])
            told = f"{item['id']} {item['lang']} [{kinds}] {item['title'][:70]}"
            self.errors.append(f"{'; '.join(problems)}: {told} -- {labels['why']}")

    def lines(self) -> Iterator[str]:
        """The figures, then every error."""
        for title, tallies in (
            ("RELEVANCE", self.relevance),
            ("RELEVANCE BY KIND", self.kinds),
            ("OFFICIALS", self.officials),
        ):
            yield title
            yield from (f"  {name:24} {tally}" for name, tally in sorted(tallies.items()))
        yield f"ERRORS ({len(self.errors)})"
        yield from (f"  {line}" for line in sorted(self.errors))


def of_export(items: Iterable[Mapping[str, Any]], rows: Iterable[Mapping[str, Any]]) -> Score:
    """The score of what `dadkhah export` printed of these items, joined by address.

    An item that stands in another's row (the same article by another address) is judged by it;
    one that is nowhere was not found.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        for url in (row["url"], row["canonical_url"], *row["also"]):
            found.setdefault(url, row)
    score = Score()
    for item in items:
        told = found.get(item["url"], {"relevant": False, "officials": ()})
        score.add(item, bool(told["relevant"]), told["officials"])
    return score
