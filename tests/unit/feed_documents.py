"""Feed documents for property tests: every dialect, with what has been seen in the wild, and worse.

`documents` draws a document, `histories` a few successive versions of one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import strategies as st

ATOM = "http://www.w3.org/2005/Atom"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XHTML = "http://www.w3.org/1999/xhtml"
MEDIA = "http://search.yahoo.com/mrss/"
DC = "http://purl.org/dc/elements/1.1/"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"

# Root and what else encloses the entries, an entry's tag, its identifier's tag.
DIALECTS = {
    "rss-0.91": ("<rss version='0.91'{}><channel>", "</channel></rss>", "item", "guid"),
    "rss-2.0": ('<rss version="2.0"{}>\n<channel>', "</channel>\n</rss>", "item", "guid"),
    "rss-1.0": (
        f'<rdf:RDF xmlns="http://purl.org/rss/1.0/" xmlns:rdf="{RDF}"{{}}>',
        "</rdf:RDF>",
        "item",
        "guid",
    ),
    "rss-0.90": (
        f'<rdf:RDF xmlns="http://my.netscape.com/rdf/simple/0.9/" xmlns:rdf="{RDF}"{{}}>',
        "</rdf:RDF>",
        "item",
        "guid",
    ),
    "atom-1.0": (f'<feed xmlns="{ATOM}"{{}}>', "</feed>", "entry", "id"),
    "atom-0.3": (
        '<feed version="0.3" xmlns="http://purl.org/atom/ns#"{}>',
        "</feed>",
        "entry",
        "id",
    ),
}
NAMESPACES = (
    f' xmlns:dc="{DC}" xmlns:media="{MEDIA}" xmlns:content="{CONTENT}" xmlns:itunes="{ITUNES}"',
    f' xmlns:dc="urn:other" xmlns:media="urn:more" xmlns:content="{DC}" xmlns:itunes="{MEDIA}"',
    (
        f' xmlns:dc="{DC}" xmlns:content="{CONTENT}" xmlns:itunes="urn:none"'
        f' xmlns:media="{MEDIA}" xml:base="https://base.example/in/" xml:lang="fa"'
    ),
)
TEXTS = (
    "news",
    "گزارش تازه از خانواده‌ها",
    "Ebrahim Raisi &amp; others",
    "نام &#1593;&#x0644;ی",
    "<![CDATA[<item><guid>9</guid></item>]]>",
    "<![CDATA[</entry></item><b>bold</b> &amp; ]]]]><![CDATA[>]]>",
    "&lt;p&gt;a &amp;amp; b&lt;/p&gt;",
    "café Ã©t",
    "",
    "  two\n lines ",
)
HEADS = (
    "",
    "<ttl>45</ttl>",
    "<language>fa</language>",
    "<language>ar-EG</language><image><url>/i.png</url><title>Image</title><link>/</link></image>",
    f'<atom:link xmlns:atom="{ATOM}" rel="self" href="/feed"/>',
    '<dc:creator xml:lang="ar">B</dc:creator>',
    "<author><name>A</name><email>a@b.example</email></author>",
    f'<subtitle type="xhtml"><div xmlns="{XHTML}"><p>words</p></div></subtitle>',
    "<!-- <item> </channel> -->",
    "<textinput><title>T</title><name>q</name></textinput>",
    "<item-like>text</item-like>",
    "stray text",
)
ODD_HEADS = (
    "<itunes:summary>of all</itunes:summary><description>more of all</description>",
    "<content:encoded>of all</content:encoded>",
    "<description><div>words</div></description>",
    '<x:date xmlns:x="urn:x">2026-01-01</x:date>',
)
GAPS = (
    "",
    "",
    "\n",
    "<!-- </item></entry> -->",
    "<!-- <item> -->",
    "<?php echo '<item>' ?>",
    "words",
)
LATE = ("", "<title>Late</title>", "<image><url>/late</url></image>", "<ttl>90</ttl>")
PARTS = (
    "<title>{t}</title>",
    "<title>{t}</title>",
    '<title type="html">{t}</title>',
    "<description>{t}</description>",
    "<description>{t}</description>",
    "<summary>{t}</summary>",
    "<summary>{t}</summary><summary>again {t}</summary>",
    "<content:encoded>{t}</content:encoded>",
    "<content>{t}</content>",
    '<content type="text/html" xml:lang="de">{t}</content>',
    f'<content type="xhtml"><div xmlns="{XHTML}"><p>{{t}}</p><br/> &lt;x&gt;</div></content>',
    "<itunes:summary>{t}</itunes:summary>",
    "<dc:title>{t}</dc:title>",
    "<dc:date>2026-07-01T10:00:00Z</dc:date>",
    "<pubDate>Wed, 01 Jul 2026 10:00:00 GMT</pubDate>",
    "<pubDate>Thu, 01 Jan 1970 00:00:00 GMT</pubDate>",
    "<published>2031-07-01T10:00:00Z</published>",
    "<updated>2026-07-02T10:00:00.5+03:30</updated>",
    "<link>https://site.example/{n}?utm_source=x&amp;a=1</link>",
    "<link>relative/{n}</link>",
    '<link href="/atom/{n}"/>',
    '<link rel="enclosure" href="/sound"/><enclosure url="https://site.example/e" length="1"/>',
    '<link xml:base="https://other.example/dir/" href="{n}"/>',
    "<language>ps</language>",
    "<dc:language>de</dc:language>",
    "<author><name>{t}</name><uri>/a</uri></author>",
    (
        "<media:group><media:content url='/m'><media:title>{t}</media:title></media:content>"
        "<media:description>{t}</media:description></media:group>"
    ),
    "<media:content url='/m' type='image/png'/><media:thumbnail url='/t'/>",
    f'<media:title xmlns:media="{MEDIA}">{{t}}</media:title>',
    f'<dc:date xmlns:dc="{DC}">2020-02-03</dc:date>',
    '<source url="https://src.example/">{t}</source>',
    "<source><title>{t}</title><id>s</id><link href='/s'/></source>",
    "<image><url>/i</url><title>{t}</title><link>/x</link></image>",
    "<category>{t}</category><category term='x'/>",
    "<?pi </item> ?>",
    "<unknown a='1'>{t}</unknown><unknown>{t}</unknown>",
    "<p>{t}</p>",
    "<comments>{t}</comments>",
    "<georss:point xmlns:georss='http://www.georss.org/georss'>1 2</georss:point>",
    "words between",
)
# A document has at most two of these: most of them are reasons not to cut it.
ODD = (
    f'<content type="xhtml"><h:div xmlns:h="{XHTML}"><h:b>{{t}}</h:b></h:div></content>',
    '<content type="application/xml"><title>{t}</title></content>',
    '<content type="xhtml"><div><title>{t}</title><summary>x</summary></div></content>',
    '<content type="image/svg+xml"><svg><title>{t}</title></svg></content>',
    "<content type=\"xhtml\"><svg xmlns='http://www.w3.org/2000/svg'><title>a</title></svg></content>",
    '<description><div xml:lang="ar" xml:base="https://div.example/">{t}</div></description>',
    "<description>a <p>{t}</p> <div>b</div></description>",
    "<description>a <source>{t}</source> <link>b</link></description>",
    "<description><body>{t}</body></description>",
    "<body>{t}</body>",
    "<fullitem>{t}</fullitem>",
    "<contributor><title>x</title></contributor>",
    f'<m:title xmlns:m="{MEDIA}">{{t}}</m:title>',
    '<dc:date xmlns:dc="urn:bogus">2020-02-02</dc:date>',
    '<q:date xmlns:q="urn:bogus">2020-03-03</q:date>',
    f'<title xmlns="{ATOM}">{{t}}</title>',
    f'<p:title xmlns:p="{ATOM}">{{t}}</p:title>',
    '<title xmlns="">{t}</title>',
    "<textinput><title>{t}</title></textinput>",
    "<channel>x</channel>",
    "<feed><title>x</title></feed>",
    "<item><title>inner</title></item>",
    "<ITEM><title>inner</title></ITEM>",
    "<entry/>",
    "<x><item>{t}</item></x>",
    "<!-- </item></entry> <item> -->",
    "<عنوان>{t}</عنوان>",
    "<unknown عنوان='1'>{t}</unknown>",
)
GUIDS = ("1", "2", "3", "4", "5", "https://site.example/", "https://site.example/a?b=1&amp;c=2", "")
ATTRIBUTES = (
    "", "", "", ' xml:lang="ar"', ' xml:base="https://item.example/"', f' xmlns:dc="{DC}"',
)  # fmt: skip
BROKEN = ("&nbsp;", "<br>", "&", "\x0b", "<a:b/>", "&#xD83D;&#xDE00;", "<", "<!DOCTYPE rss>", "]]>")
CHARSETS = ("utf-8", "utf-8", "utf-8", "utf-8-sig", "windows-1256", "iso-8859-1", "utf-16", "ascii")
DECLARED = ("same", "same", "same", "none", "utf-8", "windows-1256", "iso-8859-1", "ascii")
HEADERS = (
    "application/rss+xml; charset=utf-8",
    "text/xml",
    "",
    "application/xml; charset=windows-1256",
    "text/html; charset=UTF-8",
)


@dataclass(frozen=True)
class Piece:
    """One entry: its number (link), guid and parts."""

    number: int
    guid: str | None
    parts: tuple[str, ...]
    attributes: str = ""

    def text(self, tag: str, guid_tag: str) -> str:
        guid = "" if self.guid is None else f"<{guid_tag}>{self.guid}</{guid_tag}>"
        return f"<{tag}{self.attributes}>{guid}{''.join(self.parts)}</{tag}>"


@dataclass(frozen=True)
class Document:
    """What a document is made of; `body` writes it."""

    dialect: str
    namespaces: str
    head: tuple[str, ...]
    pieces: tuple[Piece, ...]
    gaps: tuple[str, ...]
    late: str
    charset: str
    declared: str
    header: str
    odd: tuple[str, ...] = ()
    broken: str = ""

    @property
    def body(self) -> bytes:
        begin, end, tag, guid_tag = DIALECTS[self.dialect]
        named = self.charset.replace("-sig", "") if self.declared == "same" else self.declared
        start = f'<?xml version="1.0" encoding="{named}"?>' if named != "none" else ""
        head = "".join(("<title>Head</title>", *self.head))
        if "rdf" in begin:
            head = f"<channel rdf:about='/c'>{head}</channel>"
        entries = "".join(
            piece.text(tag, guid_tag) + self.gaps[n % len(self.gaps)]
            for n, piece in enumerate(self.pieces)
        )
        text = f"{start}{begin.format(self.namespaces)}{head}{entries}{self.late}{self.broken}{end}"
        return text.encode(self.charset, "xmlcharrefreplace")


def _part(odd: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda part, text, number: part.format(t=text, n=number),
        st.sampled_from((*PARTS, *odd * 15)),
        st.sampled_from(TEXTS),
        st.integers(1, 4),
    )


def _pieces(odd: tuple[str, ...]) -> st.SearchStrategy[Piece]:
    return st.builds(
        Piece,
        number=st.integers(1, 6),
        guid=st.none() | st.sampled_from(GUIDS),
        parts=st.lists(_part(odd), max_size=5).map(tuple),
        attributes=st.sampled_from(ATTRIBUTES),
    )


@st.composite
def documents(draw: st.DrawFn, most: int = 6) -> Document:
    """A document of up to `most` entries, perhaps broken."""
    usual = draw(st.integers(0, 3)) > 0
    strange = draw(st.integers(0, 3)) == 0
    odd = tuple(draw(st.lists(st.sampled_from(ODD), max_size=2 * strange)))
    heads = (*HEADS, *ODD_HEADS) if strange else HEADS
    return Document(
        dialect=draw(st.sampled_from(sorted(DIALECTS))),
        namespaces=draw(st.sampled_from(NAMESPACES)) if strange else NAMESPACES[0],
        head=tuple(draw(st.lists(st.sampled_from(heads), max_size=2))),
        pieces=tuple(draw(st.lists(_pieces(odd), max_size=most))),
        gaps=tuple(draw(st.lists(st.sampled_from(GAPS), min_size=1, max_size=3))),
        late=draw(st.sampled_from(LATE)) if strange else "",
        charset="utf-8" if usual else draw(st.sampled_from(CHARSETS)),
        declared="same" if usual else draw(st.sampled_from(DECLARED)),
        header=HEADERS[0] if usual else draw(st.sampled_from(HEADERS)),
        odd=odd,
        broken=draw(st.sampled_from(("",) * 20 + BROKEN)),
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Document]:
    """Two to four versions: entries are added, removed, edited, repeated and reordered."""
    versions = [draw(documents())]
    for _ in range(draw(st.integers(1, 3))):
        last = versions[-1]
        pieces = list(last.pieces)
        for _ in range(draw(st.integers(0, 3))):
            pieces = draw(_changed(pieces, last.odd))
        head = draw(st.sampled_from((last.head, (*last.head, "<generator>g</generator>"))))
        changed = replace(last, pieces=tuple(pieces[:8]), head=head)
        if draw(st.integers(0, 9)) == 0:
            changed = replace(changed, namespaces=draw(st.sampled_from(NAMESPACES)))
        if draw(st.integers(0, 9)) == 0:
            changed = replace(changed, broken=draw(st.sampled_from(("", *BROKEN))))
        versions.append(changed)
    return versions


@st.composite
def _changed(draw: st.DrawFn, pieces: list[Piece], odd: tuple[str, ...]) -> list[Piece]:
    how = draw(st.sampled_from(("add", "add", "remove", "edit", "repeat", "reorder")))
    if how == "add" or not pieces:
        return [draw(_pieces(odd)), *pieces]
    number = draw(st.integers(0, len(pieces) - 1))
    if how == "remove":
        return pieces[:number] + pieces[number + 1 :]
    if how == "edit":
        edited = replace(pieces[number], parts=(*pieces[number].parts, draw(_part(odd))))
        return [*pieces[:number], edited, *pieces[number + 1 :]]
    if how == "repeat":
        return [*pieces, pieces[number]]
    return draw(st.permutations(pieces))
