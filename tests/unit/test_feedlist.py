"""Feed lists: ours and everybody's are read, odd rows are told, hostile files are refused."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import config
from watchers import feedlist
from watchers.errors import FeedListInvalid
from watchers.feedlist import FEED_KINDS, FeedList, FeedSpec, parse_feed_list, write_opml

FEED = FeedSpec(
    url="https://news.example/rss?a=1&b=2",
    name='<News> & "views" خبر',
    language="fa",
    kind="human-rights",
    site="https://news.example/",
)


def opml(body: str, head: str = "") -> bytes:
    return f'{head}<opml version="2.0"><head/><body>{body}</body></opml>'.encode()


def outline(**attributes: str) -> str:
    return "<outline {}/>".format(" ".join(f'{k}="{v}"' for k, v in attributes.items()))


def toml(*rows: str) -> bytes:
    return "\n".join(f"[[feed]]\n{row}" for row in rows).encode()


def problems(data: bytes) -> tuple[str, ...]:
    with pytest.raises(FeedListInvalid) as caught:
        parse_feed_list(data, "list.x")
    assert all(problem.startswith("list.x") for problem in caught.value.problems)
    return caught.value.problems


# ---------------------------------------------------------------- the shipped list


@pytest.fixture(scope="module")
def shipped() -> FeedList:
    return parse_feed_list(config.shipped_feeds(), "feeds.toml")


def test_the_shipped_list_is_read_without_a_problem(shipped: FeedList) -> None:
    assert len(shipped.feeds) == 119
    assert (shipped.problems, shipped.duplicates) == ((), ())
    assert all(feed.name and feed.site for feed in shipped.feeds)


def test_the_shipped_list_has_every_kind(shipped: FeedList) -> None:
    assert set(Counter(feed.kind for feed in shipped.feeds)) == set(FEED_KINDS)


def test_the_shipped_list_survives_opml(shipped: FeedList) -> None:
    assert parse_feed_list(write_opml(shipped.feeds), "x.opml") == shipped


# ---------------------------------------------------------------- TOML


def test_a_toml_row_needs_only_its_address() -> None:
    (feed,) = parse_feed_list(toml('url = "https://news.example/rss"'), "x").feeds
    assert feed == FeedSpec("https://news.example/rss", "", None, "", "")


def test_notes_for_people_are_not_read() -> None:
    row = 'url = "https://a.example/"\ncountry = "SE"\ncheck = "ok"\nnote = "n"'
    assert parse_feed_list(toml(row), "x").problems == ()


def test_a_byte_order_mark_does_no_harm() -> None:
    for data in (toml('url = "https://a.example/"'), opml(outline(xmlUrl="https://a.example/"))):
        assert len(parse_feed_list(b"\xef\xbb\xbf" + data, "x").feeds) == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        pytest.param('lang = "fa"', "'lang' is no key", id="unknown key"),
        pytest.param('kind = "blog"', "kind 'blog' is none of", id="unknown kind"),
        pytest.param('language = "Persian!"', "no code such as", id="odd language"),
        pytest.param('site = "news"', "site 'news' is no http(s)", id="odd site"),
        pytest.param("name = 7", "name must be a text", id="name is a number"),
    ],
)
def test_an_odd_key_is_told_and_the_feed_kept(row: str, said: str) -> None:
    found = parse_feed_list(toml(f'url = "https://a.example/"\n{row}'), "list.toml")
    assert found.feeds == (FeedSpec("https://a.example/"),)
    (problem,) = found.problems
    assert problem.startswith("list.toml: feed[0]: ")
    assert said in problem


# ---------------------------------------------------------------- OPML


def test_nested_outlines_are_read_in_order() -> None:
    inner = outline(text="One", xmlUrl="https://a.example/1", category="un", language="en-GB")
    body = f'<outline text="Folder"><outline text="Sub">{inner}</outline></outline>' + outline(
        title="Two", text="other", XMLURL="https://a.example/2", htmlUrl="https://a.example/"
    )
    assert parse_feed_list(opml(body), "x").feeds == (
        FeedSpec("https://a.example/1", "One", "en", "un", ""),
        FeedSpec("https://a.example/2", "Two", None, "", "https://a.example/"),
    )


@pytest.mark.parametrize(
    ("category", "kind"),
    [
        pytest.param("state", "state", id="ours"),
        pytest.param("/Iran/Advocacy,/News", "advocacy", id="path"),
        pytest.param("", "", id="none"),
    ],
)
def test_the_category_tells_the_kind(category: str, kind: str) -> None:
    data = opml(outline(xmlUrl="https://a.example/", category=category))
    found = parse_feed_list(data, "x")
    assert (found.feeds[0].kind, found.problems) == (kind, ())


def test_an_opml_problem_names_its_line() -> None:
    body = "\n" + outline(xmlUrl="https://a.example/") + "\n" + outline(xmlUrl="mailto:a@b.c")
    (problem,) = parse_feed_list(opml(body), "list.opml").left_out
    assert problem.startswith("list.opml:3: outline: 'mailto:a@b.c' is no http(s) address")


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "windows-1256"])
def test_declared_encodings_are_read(encoding: str) -> None:
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    data = opml(outline(xmlUrl="https://a.example/", text="é"), head).decode().encode(encoding)
    assert parse_feed_list(data, "x").feeds[0].name == "é"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16"])
def test_wide_encodings_need_no_declaration(encoding: str) -> None:
    data = opml(outline(xmlUrl="https://a.example/", text="خبر")).decode().encode(encoding)
    assert parse_feed_list(data, "x").feeds[0].name == "خبر"


def test_blank_line_before_the_declaration_does_no_harm() -> None:
    data = opml(outline(xmlUrl="https://a.example/"), '<?xml version="1.0"?>')
    for head in (b"\n", b"\xef\xbb\xbf\n", b" \r\n\t"):
        assert len(parse_feed_list(head + data, "x").feeds) == 1


def test_attributes_are_read_in_any_case() -> None:
    for name in ("xmlUrl", "xmlurl", "XMLURL", "XmlUrl"):
        data = opml(outline(TEXT="A", **{name: "https://a.example/"}, LANGUAGE="fa"))
        assert parse_feed_list(data, "x").feeds == (FeedSpec("https://a.example/", "A", "fa"),)


@pytest.mark.parametrize(
    ("row", "url"),
    [
        pytest.param({"xmlUrl": "feed://a.example/x"}, "https://a.example/x", id="feed scheme"),
        pytest.param({"xmlUrl": "feed:http://a.example/"}, "http://a.example/", id="feed prefix"),
        pytest.param({"type": "rss", "url": "https://a.example/"}, "https://a.example/", id="old"),
    ],
)
def test_what_other_programs_write_is_understood(row: dict[str, str], url: str) -> None:
    assert parse_feed_list(opml(outline(**row)), "x").feeds[0].url == url


def test_link_to_a_page_is_no_feed() -> None:
    body = outline(type="link", url="https://a.example/") + outline(xmlUrl="https://b.example/")
    (feed,) = parse_feed_list(opml(body), "x").feeds
    assert feed.url == "https://b.example/"


def test_hundreds_of_nested_outlines_are_read_and_repeats_told() -> None:
    rows = [outline(text=f"Feed {n}", xmlUrl=f"https://{n % 700}.example/") for n in range(900)]
    body = "".join(
        f'<outline text="{start}"><outline text="in it">{"".join(rows[start : start + 90])}'
        "</outline></outline>"
        for start in range(0, 900, 90)
    )
    found = parse_feed_list(opml(body), "x")
    assert [feed.name for feed in found.feeds] == [f"Feed {n}" for n in range(700)]
    assert found.duplicates == tuple(f"https://{n}.example/" for n in range(200))


@given(
    st.lists(
        st.builds(
            FeedSpec,
            url=st.integers(0, 10**6).map(lambda n: f"https://{n}.example/feed?a=1&b=<2>"),
            name=st.text(min_size=1, max_size=30),
            language=st.sampled_from([None, "fa", "en", "ckb"]),
            kind=st.sampled_from(FEED_KINDS),
            site=st.sampled_from(["", "https://site.example/"]),
        ),
        min_size=1,
        max_size=20,
        unique_by=lambda feed: feed.url,
    )
)
def test_whole_list_comes_back_in_order_with_names_kinds_and_languages(
    feeds: list[FeedSpec],
) -> None:
    once = parse_feed_list(write_opml(feeds), "x")
    assert (once.duplicates, once.problems, once.left_out) == ((), (), ())
    kept = [(feed.url, feed.language, feed.kind, feed.site) for feed in feeds]
    assert [(feed.url, feed.language, feed.kind, feed.site) for feed in once.feeds] == kept
    assert parse_feed_list(write_opml(once.feeds), "x") == once  # names, once they are cleaned


# ---------------------------------------------------------------- both


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("", id="empty"),
        pytest.param("news.example/rss", id="no scheme"),
        pytest.param("file:///etc/hostname", id="file"),
        pytest.param("javascript:alert(1)", id="script"),
        pytest.param("http:///rss", id="no host"),
        pytest.param("http://[::1", id="broken"),
        pytest.param("http://a.example:port/", id="odd port"),
        pytest.param("https://a.example/a b", id="space inside"),
        pytest.param("https://a.example/" + "a" * 2_000, id="too long"),
        pytest.param("https://me:secret@a.example/", id="password"),
    ],
)
def test_what_is_no_address_is_left_out_and_told(url: str) -> None:
    good = "https://good.example/"
    for data in (
        toml(f'url = "{url}"', f'url = "{good}"'),
        opml(outline(xmlUrl=url) + outline(xmlUrl=good)),
    ):
        found = parse_feed_list(data, "x")
        assert [feed.url for feed in found.feeds] == [good]
        assert "Left out." in found.left_out[0]


@pytest.mark.parametrize(
    ("other", "same"),
    [
        pytest.param("http://news.example/rss", True, id="scheme"),
        pytest.param("https://NEWS.example:443/rss/#top", True, id="case, port, slash, fragment"),
        pytest.param("https://news.example/rss?all", False, id="query"),
        pytest.param("https://news.example:8443/rss", False, id="port"),
        pytest.param("https://www.news.example/rss", False, id="host"),
    ],
)
def test_one_feed_is_listed_once(other: str, same: bool) -> None:
    found = parse_feed_list(toml('url = "https://news.example/rss"', f'url = "{other}"'), "x")
    assert found.duplicates == ((other,) if same else ())
    assert len(found.feeds) == (1 if same else 2)


def test_names_lose_what_hides_in_them() -> None:
    data = toml('url = "https://a.example/"\nname = "a\\u202Eb\\u0000c\\nd"')
    assert parse_feed_list(data, "x").feeds[0].name == "abc d"


@given(
    st.builds(
        FeedSpec,
        url=st.from_regex(r"https://[a-z]{1,9}\.example/[a-z0-9?&=;%]{0,20}", fullmatch=True),
        name=st.text(max_size=40),
        language=st.sampled_from([None, "fa", "en", "ar"]),
        kind=st.sampled_from(FEED_KINDS),
        site=st.sampled_from(["", "https://site.example/a?b=1&c='2'"]),
    )
)
@example(FEED)
def test_opml_round_trip_keeps_everything(feed: FeedSpec) -> None:
    once = parse_feed_list(write_opml([feed]), "x").feeds
    assert (once[0].url, once[0].language, once[0].kind, once[0].site) == (
        feed.url, feed.language, feed.kind, feed.site,
    )  # fmt: skip
    assert parse_feed_list(write_opml(once), "x").feeds == once
    assert feed is not FEED or once == (FEED,)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b"", "no feed in it", id="empty"),
        pytest.param(b"[[feed]\n", "line 1", id="TOML syntax"),
        pytest.param(b"\xffurl", "not UTF-8 at byte 0", id="not UTF-8"),
        pytest.param(b"a = " + b"[" * 5_000, "neither OPML nor TOML", id="nested TOML"),
        pytest.param(b'[feed]\nurl = "https://a.example/"', "[[feed]]", id="one table"),
        pytest.param(b"feed = [1]", "[[feed]]", id="no tables"),
        pytest.param(toml('name = "A"'), "has no address", id="no address"),
        pytest.param(toml("url = 7"), "has no address", id="address is a number"),
        pytest.param(b"<opml><body>", "not well-formed XML", id="cut off"),
        pytest.param(b"<rss></rss>", "<rss> is no OPML", id="a feed"),
        pytest.param(opml('<outline text="Folder"/>'), "no feed in it", id="only a folder"),
        pytest.param(
            b'<?xml version="1.0" encoding="klingon"?><opml/>', "encoding", id="odd encoding"
        ),
        pytest.param(
            b'<?xml version="1.0" encoding="utf-7"?><opml/>', "encoding", id="not an 8-bit encoding"
        ),
    ],
)
def test_what_is_no_list_is_refused(data: bytes, said: str) -> None:
    assert said in problems(data)[0]


@pytest.mark.parametrize(
    "doctype",
    [
        pytest.param('<!DOCTYPE opml SYSTEM "http://a.example/x.dtd">', id="outside"),
        pytest.param('<!DOCTYPE opml [<!ENTITY a "b">]>', id="entity"),
        pytest.param('<!DOCTYPE o [<!ENTITY a SYSTEM "file:///etc/hostname">]>', id="file"),
        pytest.param("<!DOCTYPE opml>", id="bare"),
    ],
)
def test_a_doctype_is_refused(doctype: str) -> None:
    data = opml(outline(xmlUrl="https://a.example/"), doctype)
    assert "DOCTYPE" in problems(data)[0]


def test_an_undeclared_entity_is_refused() -> None:
    assert "undefined entity" in problems(opml(outline(xmlUrl="https://a.example/&b;")))[0]


def test_depth_is_bounded() -> None:
    deep = '<outline text="a">' * 60 + "</outline>" * 60
    assert "nested over 50 deep" in problems(opml(deep))[0]


def test_numbers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedlist, "MAX_FEEDS", 2)
    assert "over 2 outlines" in problems(opml(outline(text="a") * 3))[0]
    assert "over 2 feeds" in problems(toml(*['url = "https://a.example/"'] * 3))[0]


def test_size_is_bounded() -> None:
    assert "over 10,000,000 bytes" in problems(b"#" * 10_000_001)[0]


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@example(b"<\x00")
@example(b"\xff\xfe<\x00o\x00")
@example(b'<?xml version="1.0" encoding="utf-16"?><opml/>')
@example(b'[[feed]]\nurl = "http://\\U0001F600.example:99999/"')
@example(b"<opml>" + b"<outline xmlUrl='http://\xc3\xa9\xcc\x81.example/'/></opml>")
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    read_or_refused(data)


@given(st.dictionaries(st.text(max_size=9), st.text(max_size=40)).map(str), st.text(max_size=60))
def test_any_address_is_read_or_refused(other: str, url: str) -> None:
    quoted = "".join(f"\\U{ord(c):08X}" for c in url if not 0xD800 <= ord(c) < 0xE000)
    read_or_refused(toml(f'url = "http://{quoted}"\nnote = {other}'))
    read_or_refused(toml(f'url = "http://a.example/{quoted}"'))


def read_or_refused(data: bytes) -> None:
    try:
        found = parse_feed_list(data, "x")
    except FeedListInvalid:
        return
    assert found.feeds
