"""Headings over other articles, judged word by word: "More coverage", "Otros artículos". Pure.

Sites word such headings anew all the time. One that no list has is known by its words: all are
of the vocabulary of such headings, and one at least speaks of articles, readers or more of them.
It only counts with headlines under it (`watchers.owntext`): own subheads stand over paragraphs.
"""

from __future__ import annotations

from watchers import furniture_words
from watchers.headings import plain_word, plain_words

_MOST_WORDS = 6
_LONGEST = 60  # code points

# Words that say what stands below, in the plain form of `headings.plain_word`. No word of courts,
# prisons or killings: "Related crimes" is an own subhead.
_KEYS = """
more related coverage headlines headline latest picks picked suggested recommended reading read
stories story articles article posts news series elsewhere missed popular topics threads explore
discover publications published issues videos documents papers links interest informed partners
next watch reports similar further also like must reads trending
más información noticias artículos recomendamos relacionados relacionadas recomendados cobertura
leer
articles connexes article actualités derniers dernières lire plus recommandés suggérés
mehr nachrichten meldungen beiträge weitere passend verwandte ähnliche lesen empfohlen themen
mer fler nyheter nyheterna senaste läs artiklar relaterade relaterat lästa
altri articoli notizie correlati correlate leggi consigliati
meer nieuws artikelen saker siste flere les mais notícias artigos leia
بیشتر خبرهای خبرها اخبار مطالب مقالات گزارش‌های مرتبط پیشنهادی پیشنهاد سرخط عناوین لینک‌های
پیوندها خواندن بخوانید رابطه خواندنی دیگر تازه‌ترین آخرین
الأخبار أخبار مقالات المقالات المزيد أهم المرتبطة اقرأ إقرأ مواد مواضيع موضوعات صلة أخرى كذلك
"""
# Words that stand beside them and say nothing alone.
_OTHERS = """
other the a an of on in at to by from for our your you we us i what else where which this that these
those here now today today's day week month most have has had may might are is was been be and
all any some about with out up don't it its it's category site page section author archive
available past same previous earlier recently editor editor's hot top world iran iranian middle
east human rights people re who
de otros otras del la las el los le les des du et un une sur ce cette nos notre tema sobre este
esta nuestra
nuestro te sus su otra y en d l
der die das den dem des zu zum zur aus von vom über auch und thema unser unsere dazu spannend
om och i från det den vår våra ämnet detta
il i gli lo della dei di da su nostri nostra tema
van over het een onze fra og av våre para sobre nossa
دیگر از در این آن به را و های هم همین باره باری ما شما برای با زمینه سایت صفحه روز هفته
موضوع ایران جهان
عن في من على هذا هذه الموضوع ذات إيران العالم قد لك
"""
_LISTS = (
    furniture_words.TEASERS,
    furniture_words.LISTS,
    furniture_words.ALONE,
    furniture_words.OPEN,
)


def _words(said: str) -> frozenset[str]:
    joined = said.replace("\u200c", "")
    return frozenset(plain_words(said)) | frozenset(plain_words(joined))


_KEY_WORDS = _words(_KEYS)
_ALL_WORDS = _KEY_WORDS | _words(_OTHERS) | frozenset().union(*map(_words, _LISTS))


def is_heading(line: str) -> bool:
    """Whether a short line that is no sentence says nothing but "more articles here"."""
    if len(line) > _LONGEST or line.count(" ") >= 2 * _MOST_WORDS:
        return False
    first = plain_words(line.split(None, 1)[0])
    if not _ALL_WORDS.issuperset(first):
        return False
    said = plain_words(line)
    return (
        0 < len(said) <= _MOST_WORDS
        and _ALL_WORDS.issuperset(said)
        and not _KEY_WORDS.isdisjoint(said)
    )


# ---------------------------------------------------------------- calls inside paragraphs

# "Read our profile of ...": what an outlet calls its reader to, after the possessive.
_OUR = (" our ", " notre ", " unser", " vår", " nuestr", " nostr", " onze ")
_CALLS = _words(
    "read see watch listen explore visit lisez voyez lesen sehen läs se lea vea leggi lees"
)
_POSSESSIVES = _words(
    "our notre unser unsere unseren vår vårt våra nuestro nuestra nuestros il nostro nostra onze"
)
_PIECES = _words("""
    profile profiles timeline coverage report reports story stories explainer interview guide
    analysis investigation video gallery podcast series archive review article feature obituary
    live blog briefing backgrounder factbox dossier portrait entretien enquête analyse reportage
    article chronologie porträt bericht hintergrund artikel chronik granskning intervju tidslinje
    perfil cronología reportaje artículo entrevista especial cobertura profilo articolo ritratto
    intervista cronologia speciale
""")
_CALL_WORDS = 7  # from the call to what it calls to


def calls(text: str) -> bool:
    """The cheap test: may there be a call in a text?"""
    return any(our in text for our in _OUR)


def is_call(sentence: str) -> bool:
    """Whether a sentence's beginning calls to a piece of the outlet's: "Read our profile of"."""
    words = sentence.split(None, _CALL_WORDS)[:_CALL_WORDS]
    if not words or plain_word(words[0]) not in _CALLS:
        return False
    said = [plain_word(word) for word in words]
    after = next((i for i, word in enumerate(said[:4]) if word in _POSSESSIVES), 0)
    return bool(after) and not _PIECES.isdisjoint(word.strip(".,:;") for word in said[after:])
