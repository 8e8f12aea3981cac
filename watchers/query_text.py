"""Reading an own topic's query, and saying in plain words what is wrong with it. Pure.

By an LALR(1) grammar of lark: linear, without backtracking. NOT binds closer than NEAR, NEAR
than AND, AND than OR; words side by side are joined by AND.

Which error is worse: a query that is read otherwise than it was meant misses news in silence,
a refused one is mended in a minute. So what other search engines take for an operator ("-word",
"and", "NEAR 5", "field:word") is refused with a hint, and never searched for as a word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

from lark import Lark, Token, Tree, UnexpectedToken

from watchers.errors import QueryInvalid
from watchers.queries import SLIPS, Either, Every, Near, Node, Not, Phrase, Query, Word
from watchers.text import clean

MAX_TEXT = 2_000  # characters
MAX_PHRASES = 100  # words and phrases, each as often as it stands there
MAX_PHRASE = 120  # characters, as of the watchlist's own phrases
MAX_DEPTH = 20  # parentheses within one another
MAX_NEAR = 50  # words: more is "somewhere in the article", which AND says
MIN_LETTERS = 2  # of a word or phrase: a single letter stands in every text
MIN_PREFIX = 3  # letters before "*": fewer begin too many words

_QUOTES = '"“”„‟«»＂'  # any of them opens, any closes: keyboards mix them
_INSIDE = frozenset("-‐‑‒–—_.'’‘ʼʻ`´/#@%٫٬*")  # signs that a word may have
_OTHER = rf"[^\s(){_QUOTES}]"  # a character of a bare word
_GRAMMAR = rf"""
    start: either
    ?either: every (_OR every)*
    ?every: near (_AND? near)*
    ?near: unary
         | unary NEAR unary -> nearness
    ?unary: atom
          | NOT atom -> negation
    ?atom: WORD | PHRASE | _OPEN either _CLOSE

    _AND.2: /AND(?!{_OTHER})/
    _OR.2: /OR(?!{_OTHER})/
    NOT.2: /NOT(?!{_OTHER})/
    NEAR.2: /NEAR(?![^\W\d_]){_OTHER}*/
    PHRASE: /[{_QUOTES}][^{_QUOTES}]*[{_QUOTES}]/
    WORD: /{_OTHER}+/
    _OPEN: "("
    _CLOSE: ")"
    %ignore /\s+/
"""
_NEAR = re.compile(r"NEAR/(\d{1,4})")
_NEAR_ELSEWHERE = re.compile(r"(?i)(?:near|within|adj|pre|w|n)[/~:](\d{1,4})")


def read(text: str) -> Query:
    """The query that a text means; QueryInvalid, in plain words with the place, if it is none."""
    if len(text) > MAX_TEXT:
        said = f"has {len(text):,} characters and may have {MAX_TEXT:,}: split it into two topics"
        raise QueryInvalid(f"The query {said}.")
    text = clean(text).replace("\u061c", "")
    if not text:
        raise QueryInvalid("The query is empty: give at least one word to look for.")
    reader = _Reader(text)
    root = reader.node(reader.tree())
    query = Query(tuple(reader.phrases.values()), root)
    if query.holds_for_nothing:
        said = "as written it also holds for an article with none of its words"
        raise QueryInvalid(f"The query needs at least one word to look for: {said}.")
    return query


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", lexer="basic", maybe_placeholders=False)


class _Reader:
    """One text on its way to a query."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.phrases: dict[tuple[str, bool], Phrase] = {}  # by what they are compared as

    def tree(self) -> Tree[Token]:
        """The tree as lark gives it, no deeper than its parentheses allow."""
        quotes = [i for i, character in enumerate(self._text) if character in _QUOTES]
        if len(quotes) % 2:
            raise self._fault(quotes[-1], quotes[-1] + 1, "it has no partner: close the phrase")
        tokens = list(_parser().lex(self._text))
        self._check_size(tokens)
        self._check_parentheses(tokens)
        try:
            return _parser().parse(self._text)
        except UnexpectedToken as error:
            if error.token.type == "$END":
                raise self._at(
                    tokens[-1], "a word must follow: add it, or take this away"
                ) from error
            at = next(i for i, t in enumerate(tokens) if t.start_pos == error.token.start_pos)
            raise self._at(tokens[at], _unexpected(tokens, at)) from error

    def node(self, tree: Tree[Token] | Token) -> Node:
        """The tree as ours; AND within AND says the same as one AND, and so does OR."""
        if isinstance(tree, Token):
            return Word(self._number(tree))
        match tree.data:
            case "negation":
                return Not(self.node(tree.children[1]))
            case "nearness":
                return self._near(tree.children)
            case "every":
                parts = map(self.node, tree.children)
                return Every(
                    tuple(q for p in parts for q in (p.parts if isinstance(p, Every) else (p,)))
                )
            case "either":
                parts = map(self.node, tree.children)
                return Either(
                    tuple(q for p in parts for q in (p.parts if isinstance(p, Either) else (p,)))
                )
        return self.node(tree.children[0])

    def _near(self, children: Sequence[Tree[Token] | Token]) -> Near:
        left, token, right = children
        assert isinstance(token, Token)
        given = _NEAR.fullmatch(token)
        words = int(given[1]) if given else 0  # Persian digits too
        if not 1 <= words <= MAX_NEAR:
            said = f"say how many words may stand between, 1 to {MAX_NEAR}, as in NEAR/10"
            raise self._at(token, said)
        one, other = self.node(left), self.node(right)
        if isinstance(one, Not):
            raise self._at(token, "it cannot follow NOT: write NOT (a NEAR/5 b)")
        sides = _numbers(one), _numbers(other)
        if not all(sides):
            raise self._at(token, "on each side write one word or phrase, or several as (a OR b)")
        return Near(*sides, words)

    def _number(self, token: Token) -> int:
        quoted = token.type == "PHRASE"
        text = " ".join((token[1:-1] if quoted else token).split())
        phrase = Phrase(text.removesuffix("*"), prefix=text.endswith("*"))
        if said := ("" if quoted else _word_fault(phrase.text)) or _phrase_fault(phrase):
            raise self._at(token, said)
        key = (phrase.folded, phrase.prefix)
        self.phrases.setdefault(key, phrase)
        return list(self.phrases).index(key)

    def _check_size(self, tokens: Iterable[Token]) -> None:
        words = [token for token in tokens if token.type in ("WORD", "PHRASE")]
        if len(words) > MAX_PHRASES:
            said = f"{MAX_PHRASES} words and phrases are enough: split the query into two topics"
            raise self._at(words[MAX_PHRASES], said)

    def _check_parentheses(self, tokens: Iterable[Token]) -> None:
        opened: list[Token] = []
        for token in tokens:
            if token.type == "_OPEN":
                opened.append(token)
                if len(opened) > MAX_DEPTH:
                    said = f"more than {MAX_DEPTH} parentheses within one another: take some away"
                    raise self._at(token, said)
            elif token.type == "_CLOSE":
                if not opened:
                    raise self._at(token, "no parenthesis is open here: take it away")
                opened.pop()
        if opened:
            raise self._at(opened[-1], "it is never closed: add ) where it ends")

    def _at(self, token: Token, said: str) -> QueryInvalid:
        return self._fault(token.start_pos or 0, token.end_pos or 0, said)

    def _fault(self, start: int, end: int, said: str) -> QueryInvalid:
        """What is wrong at a place, named by its words: a drawing serves one script only."""
        shown = " ".join(self._text[start:end].split())
        shown = shown if len(shown) <= 40 else f"{shown[:40]}…"
        shown = shown if len(shown) > 1 and shown[0] in _QUOTES else f"“{shown}”"
        message = f"In the query at character {start + 1}, {shown}: {said}."
        return QueryInvalid(message, _pointer(self._text, start, end))


def _pointer(text: str, start: int, end: int) -> str:
    """The line with carets under the fault; "" where letters run from the right or are wide."""
    first = text.rfind("\n", 0, start) + 1
    line = text[first:].partition("\n")[0]
    if not all(map(_plain, line)):
        return ""
    start, end = start - first, min(end - first, start - first + 40, len(line))
    cut = max(0, start - 40)
    return f"{line[cut : start + 40]}\n{' ' * (start - cut)}{'^' * (end - start)}"


def _plain(character: str) -> bool:
    """Takes one column, and runs from the left."""
    return (
        unicodedata.bidirectional(character) not in ("R", "AL", "AN")
        and unicodedata.east_asian_width(character) not in ("W", "F")
        and unicodedata.category(character)[0] not in "MC"
    )


def _unexpected(tokens: Sequence[Token], at: int) -> str:
    """Why this token cannot stand here, and what to do."""
    token, before = tokens[at], tokens[at - 1] if at else None
    if before is None or (before.type == "_OPEN" and token.type != "_CLOSE"):
        return "a word must come before it: add it, or take this away"
    if before.type == "_OPEN":
        return "nothing stands in the parentheses: give a word, or take them away"
    if before.type in ("WORD", "PHRASE", "_CLOSE"):  # all but a second NEAR may follow these
        return "NEAR has two sides only: write a NEAR/5 b AND b NEAR/5 c"
    return f"a word must stand between {before} and this: add it, or take one away"


def _phrase_fault(phrase: Phrase) -> str:
    """What is wrong with a word or phrase, quoted or not; "" if nothing."""
    folded = phrase.folded
    if len(phrase.text) > MAX_PHRASE:
        return f"it is longer than {MAX_PHRASE} characters: shorten it"
    if "*" in phrase.text or (phrase.prefix and phrase.text.endswith(" ")):
        return "a * may only stand directly behind a word's letters, as in sanction*"
    if not folded:
        return "it has no letter or digit: give a word, or take it away"
    if phrase.prefix and len(folded.rpartition(" ")[2]) < MIN_PREFIX:
        return f"too many words begin so: give at least {MIN_PREFIX} letters before the *"
    if len(folded.replace(" ", "")) < MIN_LETTERS:
        return f"it stands in every text: give at least {MIN_LETTERS} letters"
    return ""


def _word_fault(word: str) -> str:
    """What makes a word without quotes something else; "" if nothing."""
    if len(word) > MAX_PHRASE:
        return ""  # told as a phrase
    if slip := SLIPS.get(Phrase(word).folded):
        return f"write {slip}, in capitals; to look for the word itself put it in quotes"
    if other := _NEAR_ELSEWHERE.fullmatch(word):
        return f"write NEAR/{int(other[1])} for nearness, or put it in quotes"
    if word.startswith(tuple("-‐‑‒–—!")):
        return "write NOT before what must not be there, or put it in quotes"
    if word.startswith(tuple("'’‘`´")):
        return 'a phrase takes double quotes, as in "asset freeze"'
    if word.endswith(tuple(",;،؛")):
        return "write AND or OR between words, and no comma"
    odd = next((c for c in word if not (c in _INSIDE or _is_of_word(c))), None)
    said = f"the sign {odd} means nothing here: use AND, OR, NOT, or put all of it in quotes"
    return said if odd else ""


def _is_of_word(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LMN" or category == "Cf"


def _numbers(node: Node) -> tuple[int, ...]:
    """The phrases of a side of NEAR; () if it is something else."""
    parts = node.parts if isinstance(node, Either) else (node,)
    numbers = [part.number for part in parts if isinstance(part, Word)]
    return tuple(dict.fromkeys(numbers)) if len(numbers) == len(parts) else ()
