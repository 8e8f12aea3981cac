"""`make bench-match`: folding, matching and reasons together, on one core.

    python -m benchmarks.match [options]

Judges generated articles (`benchmarks.match_texts`) with 2,000 and with 20,000 aliases of people,
all other phrases of the shipped watchlist on top, and looks for the same patterns with a plain
`re` alternation. Times are CPU time of this process, several rounds, the best and the median.
Figures go to stdout and to build/bench-match.json; exits with 1 if a requirement is not met.
"""

from __future__ import annotations

import argparse
import gc
import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, median

from benchmarks.match_names import aliases, grown, known, shipped
from benchmarks.match_texts import KINDS, MEAN, Text, texts
from benchmarks.poll import busy, machine
from benchmarks.table import Verdict
from watchers.folding import Folded
from watchers.match import Matcher
from watchers.rules import patterns
from watchers.scan import Scanner
from watchers.watchlist import Watchlist

_OUT = Path(__file__).resolve().parent.parent / "build" / "bench-match.json"
_SIZES = (2_000, 20_000)  # aliases
_WANTED = 8_000  # articles a second with the fewest aliases; half of the speed with the most
_BY_REGEX = 400_000  # patterns times articles that the alternation is given: it is slow
_IDLE = 0.1  # share of the machine that others may use


@dataclass(frozen=True, slots=True)
class Timed:
    """Microseconds of CPU an article."""

    best: float
    median: float

    @property
    def speed(self) -> float:
        """Articles a second, in the best round."""
        return 1e6 / self.best


@dataclass(frozen=True, slots=True)
class Measured:
    """What a watchlist came to."""

    aliases: int
    patterns: int
    build: float  # seconds of CPU to make the matcher
    memory: int  # bytes that this took
    judged: Timed
    kinds: dict[str, Timed]
    stages: dict[str, Timed]
    relevant: int
    named: int
    regex: Timed
    regex_texts: int
    same: bool  # both find the same


def timed(work: Callable[[Text], object], given: Sequence[Text], rounds: int) -> Timed:
    """What the work costs an article."""
    took = []
    for _ in range(rounds):
        start = time.process_time()
        for text in given:
            work(text)
        took.append((time.process_time() - start) / len(given) * 1e6)
    return Timed(min(took), median(took))


def _resident() -> int:
    """Bytes of memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def measured(watchlist: Watchlist, given: Sequence[Text], rounds: int) -> Measured:
    """Everything about one watchlist."""
    gc.collect()
    before, start = _resident(), time.process_time()
    matcher = Matcher(watchlist)
    build, memory = time.process_time() - start, _resident() - before
    verdicts = [matcher.judge(text.title, text.text) for text in given]  # warms up, too
    forms = [*dict.fromkeys(pattern for pattern, _ in patterns(watchlist))]
    scanner = Scanner(patterns(watchlist))
    few = given[: max(50, _BY_REGEX // len(forms))]
    alternation = _alternation(forms)
    return Measured(
        aliases=aliases(watchlist),
        patterns=len(forms),
        build=build,
        memory=memory,
        judged=timed(lambda text: matcher.judge(text.title, text.text), given, rounds),
        kinds={
            kind: timed(
                lambda text: matcher.judge(text.title, text.text),
                [text for text in given if text.kind == kind],
                rounds,
            )
            for kind in KINDS
        },
        stages={
            "folding": timed(
                lambda text: (Folded(text.title).text, Folded(text.text).text), given, rounds
            ),
            "folding, scanning": timed(lambda text: _scan(scanner, text), given, rounds),
        },
        relevant=sum(verdict.relevant for verdict in verdicts),
        named=sum(bool(verdict.officials or verdict.people) for verdict in verdicts),
        regex=_regex_timed(alternation, few),
        regex_texts=len(few),
        same=all(_same(alternation, scanner, text) for text in few),
    )


def _scan(scanner: Scanner, text: Text) -> int:
    fields = {"title": Folded(text.title), "text": Folded(text.text)}
    return sum(1 for name in fields for _ in scanner.scan(name, fields[name]))


# ---------------------------------------------------------------- a plain regex


def _alternation(forms: Sequence[str]) -> re.Pattern[str]:
    """All patterns as words of their own, the longest first."""
    ordered = sorted(forms, key=len, reverse=True)
    return re.compile(rf"(?<= )(?:{'|'.join(map(re.escape, ordered))})(?= )")


def _regex_timed(alternation: re.Pattern[str], given: Sequence[Text]) -> Timed:
    """Over texts that are folded already."""
    folded = {id(text): Folded(text.text).text for text in given}
    return timed(lambda text: alternation.findall(folded[id(text)]), given, 1)


def _same(alternation: re.Pattern[str], scanner: Scanner, text: Text) -> bool:
    folded = Folded(text.text)
    return [found.span() for found in alternation.finditer(folded.text)] == list(
        _longest(folded, scanner)
    )


def _longest(folded: Folded, scanner: Scanner) -> Iterator[tuple[int, int]]:
    """What an alternation would find: whole words, the longest from left to right."""
    text, end = folded.text, 0
    spans = {(hit.start, hit.end) for hit in scanner.scan("text", folded)}
    whole = (s for s in spans if text[s[0] - 1] == " " and text[s[1]] == " ")
    for span in sorted(whole, key=lambda span: (span[0], -span[1])):
        if span[0] >= end:
            yield span
            end = span[1]


# ---------------------------------------------------------------- telling


def verdicts(runs: Sequence[Measured]) -> Iterator[Verdict]:
    """Each requirement."""
    few, many = runs[0], runs[-1]
    text = f"{few.aliases} aliases: {few.judged.speed:.0f} articles a second (wanted: {_WANTED})"
    yield Verdict(text, few.judged.speed >= _WANTED)
    share = many.judged.speed / _WANTED
    text = f"{many.aliases} aliases: {share:.2f} of the {_WANTED} (wanted: 0.5)"
    yield Verdict(text, share >= 0.5)
    for run in runs:
        yield Verdict(f"{run.aliases} aliases: found what the alternation finds", run.same)


def lines(runs: Sequence[Measured], given: Sequence[Text]) -> Iterator[str]:
    """A Markdown table, and a line on the texts."""
    shares = ", ".join(f"{sum(t.kind == kind for t in given)} {kind}" for kind in KINDS)
    size = mean(len(text.text) for text in given)
    yield f"{len(given)} articles of {size:.0f} characters in the mean (wanted: {MEAN}): {shares}"
    yield ""
    yield "| aliases | patterns | what | articles/s | us, best | us, median |"
    yield "|---|---|---|---|---|---|"
    for run in runs:
        start = f"| {run.aliases} | {run.patterns}"
        rows = {
            "**fold, match, reasons**": run.judged,
            **run.stages,
            **{f"all, {kind}": took for kind, took in run.kinds.items()},
            f"plain `re` alternation, over folded text ({run.regex_texts} articles)": run.regex,
        }
        for name, took in rows.items():
            yield f"{start} | {name} | {took.speed:.0f} | {took.best:.1f} | {took.median:.1f} |"
    yield ""
    for run in runs:
        ratio = run.regex.best / run.judged.best
        yield (
            f"{run.aliases} aliases: {ratio:.0f} times the alternation's speed; made in "
            f"{run.build:.2f} s, {run.memory / 2**20:.0f} MB; {run.relevant} relevant, "
            f"{run.named} name somebody"
        )


def main() -> int:
    """Measure and tell; 1 if a requirement is not met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.match")
    parser.add_argument("--articles", type=int, default=2_600)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seed", type=int, default=1367)
    parser.add_argument("--out", type=Path, default=_OUT, help="where the figures go, as JSON")
    options = parser.parse_args()
    if (used := busy()) > _IDLE:
        print(f"warning: others use {used:.0%} of this machine", file=sys.stderr)
    base = shipped()
    lists = [grown(base, size, options.seed) for size in _SIZES]
    given = texts(options.articles, options.seed, known(base, base))
    runs = [measured(watchlist, given, options.rounds) for watchlist in lists]
    judged = list(verdicts(runs))
    print(*lines(runs, given), "", sep="\n")
    for verdict in judged:
        print(f"{'met ' if verdict.met else 'MISS'}  {verdict.text}")
    told = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "seed": options.seed,
        "runs": [asdict(run) for run in runs],
        "verdicts": [asdict(verdict) for verdict in judged],
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(told, indent=1), encoding="utf-8")
    return 0 if all(verdict.met for verdict in judged) else 1


if __name__ == "__main__":
    sys.exit(main())
