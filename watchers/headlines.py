"""How much a headline says: a fragment, or whole; which words of its story it has. Pure.

Only a preference among headlines that are equal otherwise (:mod:`watchers.digest`): what is
taken for a fragment in vain costs an equally good headline its place, and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from functools import lru_cache

from watchers.folding import fold

_LENGTH = 300  # characters looked at
_REMEMBERED = 4096  # headlines: thousands of readers are told the same ones
_CUT = ("…", "...", "[…]", "[...]")
_WORDS_THAT_SAY = 2  # fewer name nothing: "Statement", "Iran today"
_SHORTEST = 3  # characters of a word that counts as common; fewer are "of", "in"

# A running report: its headline is of the moment.
_LIVE = tuple(
    fold(mark)
    for mark in (
        "live", "live updates", "live blog", "liveblog", "as it happened", "en direct", "direct",
        "en vivo", "liveticker", "newsblog", "پخش زنده", "زنده", "لحظه به لحظه", "مباشر",
    )
)  # fmt: skip
# What headings of every day consist of; with dates and numbers they name nothing.
_GENERIC = frozenset(
    word
    for words in (
        "live breaking news latest new update updates updated video videos watch listen photo",
        "photos gallery podcast audio transcript daily weekly monthly morning evening night today",
        "briefing brief briefs digest bulletin newsletter roundup summary headlines headline top",
        "stories story report press release statement opinion analysis editorial untitled title",
        "blog newsblog the a an of in on for and from to with by at this week day hour minute",
        "world iran middle east no issue edition part page",
        "january february march april may june july august september october november december",
        "jan feb mar apr jun jul aug sep sept oct nov dec",
        "monday tuesday wednesday thursday friday saturday sunday",
        "direct vidéo vidéos photos brèves actualité actualités infos journal revue presse point",
        "jour semaine matin soir dernière minute communiqué du de la le les des en au et",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "lundi mardi mercredi jeudi vendredi samedi dimanche monde",
        "eilmeldung nachrichten überblick tag woche heute am der die das im",
        "زنده پخش فوری خبر خبرها خبرهای اخبار مهم مهمترین آخرین تازه تازه‌ترین ویدیو ویدئو فیلم عکس",
        "گزارش بیانیه اطلاعیه روز هفته صبح شب امروز بولتن خلاصه مرور روزنامه روزنامه‌ها تیتر سرخط",
        "تصویری صوتی پادکست خبرنامه ایران جهان در از به و با برای بخش شماره",
        "فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند",
        "شنبه یکشنبه دوشنبه سه‌شنبه چهارشنبه پنجشنبه جمعه",
        "عاجل مباشر أخبار الأخبار فيديو صور اليوم نشرة بيان",
    )
    for word in fold(words).split(" ")
)


@lru_cache(_REMEMBERED)
def is_fragment(title: str) -> bool:
    """Cut off, a heading of every day ("News in brief, 30 July"), a live report, or nothing."""
    title = title[:_LENGTH].strip()
    if not title or title.endswith(_CUT) or title.startswith(_CUT):
        return True
    words = fold(title).split(" ")
    if _is_live(title, " ".join(words)):
        return True
    saying = [w for w in words if w not in _GENERIC and not any(c.isdigit() for c in w)]
    return len(saying) < _WORDS_THAT_SAY


def _is_live(title: str, folded: str) -> bool:
    """The mark is all, or stands before a colon, a dash or a bar: not "Live ammunition used"."""
    head = title
    for mark in (":", "|", "–", "—", " - "):
        head = head.partition(mark)[0]
    return folded in _LIVE or (head != title and fold(head) in _LIVE)


def common_words(titles: Sequence[str]) -> frozenset[str]:
    """The words that at least two different headlines of a story have: what it is about."""
    counted: Counter[str] = Counter()
    for words in {_words(title) for title in titles}:
        counted.update(words)
    return frozenset(word for word, times in counted.items() if times > 1)


@lru_cache(_REMEMBERED)
def _words(title: str) -> frozenset[str]:
    words = fold(title[:_LENGTH]).split(" ")
    return frozenset(word for word in words if len(word) >= _SHORTEST and word not in _GENERIC)


def shared(title: str, common: Collection[str]) -> int:
    """How many of the story's common words this headline has."""
    return len(_words(title).intersection(common))
