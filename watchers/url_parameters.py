"""Which parameters of an address only say how a reader came, or how the page is shown. Pure.

Some always do (`utm_source`). Others do on most sites and name the article on a few
(`?ref=rss` and `?ref=77`): those stay where nothing else in the address names an article.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote_plus

from watchers.url_paths import is_script, may_name, names_article

Pair = tuple[str, str]  # a name and its value, escaped or as printed

_TRACKERS = re.compile(
    r"(?:utm_?\w+|(?:fb|[gdy])clid|ysclid|msclkid|twclid|ttclid|gclsrc|[gw]braid|srsltid|li_fat_id|"
    r"igshid?|mc_[ce]id|mkt_tok|_hs(?:enc|mi)|hsa_\w+|hsctatracking|vero_(?:id|conv)|oly_\w+_id|"
    r"at_(?!id\b)\w+|_ga|_gl|_gac|spm|xtor|maca|cmp|cmpid|dcmp|intcmp|icid|intcid|ocid|ncid|smid|smtyp|"
    r"s_cid|s_kwcid|ef_id|wt[._]?mc(?:[._]\w+)?|pk_(?:campaign|kwd|keyword|source|medium|content|cid|vid|cpn)|piwik_\w+|mtm_\w+|matomo_\w+|itm_\w+|ns_(?:mchannel|source|campaign|linkname|fee)|"
    r"trk|trkinfo|wickedid|amp_\w+|usqp|ref_src|ref_url|sr_share|fb_\w+|fbaid|guccounter|guce_\w+|"
    r"soc_src|soc_trk|tsrc|feedtype|feedname|emc|ito|wprov|spref|sfnsn|_openstat|echobox|"
    r"__twitter_impression|__tn__|__cft__.*|__xts__.*|mibextid|rdid|_rd[rc]|paipv|eav|refid|"
    r"_x_tr_\w+|replytocom|redirectedfrom|traffic_source|share_source|sharetype|taid|"
    r"phpsessid|jsessionid|aspsessionid\w*|asp\.net_sessionid|sessionid|session_id|oscsid|zenid|"
    r"cftoken)"
)
_SESSION_NAMES = ("sid", "s", "session", "phpsid")
_SESSION = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}")
# How the page is shown.
_FORMS = re.compile(
    r"(?:amp|noamp|output|outputtype|print|printer|printable|print_?view|view|mobile|desktop|"
    r"nw|pf|singlepage|fullpage|nocache|withmediaplayer)"
)
_FORM_WORDS = frozenset((
    "full", "fulltext", "full-text", "fullpage", "full-page", "fullarticle", "full-article",
    "print", "printer", "printable", "printview", "print-view", "amp", "mobile", "desktop",
    "html", "all", "single", "app", "embed", "web", "rss", "feed",
))  # fmt: skip
_FLAGS = frozenset(("", "0", "1", "true", "false", "yes", "no", "on", "off", "y", "n", "t", "f"))
_NO_FLAGS = ("view", "output", "outputtype")  # whose 1 may be an article's number
# Modes: gone only for a word that says a form.
_MODES = re.compile(r"(?:format|mode|layout|display|device|version|tmpl|do|action|theme)")
_MODE_WORDS = frozenset(("amp", "print", "printer", "printable", "mobile", "desktop", "component"))
# Where the reader came from.
_SOURCES = re.compile(
    r"(?:ref|referr?er|source|src|from|via|share|shared|sh|feature|partner|sref|oc|origin|"
    r"page_source)"
)
_SOURCE_WORDS = frozenset((
    "rss", "atom", "feed", "feeds", "xml", "twitter", "tw", "twtr", "x", "facebook", "fb",
    "telegram", "tg", "whatsapp", "wa", "instagram", "insta", "ig", "linkedin", "reddit",
    "google", "googlenews", "gnews", "bing", "yahoo", "msn", "apple", "applenews", "flipboard",
    "smartnews", "news", "email", "mail", "newsletter", "push", "notification", "notifications",
    "alert", "alerts", "app", "ios", "android", "web", "website", "site", "mobile", "desktop",
    "amp", "home", "homepage", "front", "frontpage", "index", "start", "menu", "nav",
    "navigation", "header", "footer", "sidebar", "related", "more", "latest", "top", "ticker",
    "widget", "share", "sharing", "shared", "social", "search", "link", "links", "url",
    "direct", "internal", "external", "copy", "copylink", "button", "bookmark", "mostread",
    "most", "read", "trending", "popular", "t", "public", "syndication", "partner",
    "aggregator", "page", "main", "story", "article", "recirc", "recommended", "box", "list",
))  # fmt: skip
_WORDS = re.compile("[a-z]+")
_SOURCE_VALUE = re.compile(r"[a-z]+(?:[-_. ][a-z]+)*\d{0,2}")
_NAMING = frozenset((
    "id", "p", "pid", "nid", "aid", "sid", "tid", "gid", "newsid", "news_id", "articleid",
    "article_id", "storyid", "story_id", "postid", "post_id", "itemid", "item_id", "item",
    "article", "story", "news", "post", "doc", "docid", "artid", "art", "v", "fbid",
    "story_fbid", "contentid", "content_id",
))  # fmt: skip
# Of single sites, on which they are common words elsewhere.
_OF_SITES = {
    "youtube.com": re.compile(r"(?:si|pp|ab_channel|t|start_radio|app)"),
    "youtu.be": re.compile(r"(?:si|t|list|index)"),
    "x.com": re.compile(r"(?:s|t)"),
    "t.me": re.compile(r"(?:single|embed|mode|dark|userpic)"),
}
_BLOG_FORM = re.compile(r"m")


def without_trackers(pairs: Sequence[Pair], host: str, path: str) -> list[Pair]:
    """The parameters that belong to the article, in their order. `host` and `path` are bare."""
    of_site = _BLOG_FORM if host.endswith(".blogspot.com") else _OF_SITES.get(host)
    left = [(pair, _plain(pair)) for pair in pairs]
    left = [
        (pair, (name, value))
        for pair, (name, value) in left
        if not (_TRACKERS.fullmatch(name) or (of_site and of_site.fullmatch(name)))
    ]
    if not left:
        return []
    last = path.rpartition("/")[2]
    named_by_path = names_article(last)
    named = named_by_path or any(_names(name, value) for _, (name, value) in left)
    bare = not named_by_path and (is_script(last) or not may_name(last))
    return [
        pair
        for pair, (name, value) in left
        if not (
            _is_form(name, value, named=named_by_path)
            or _is_source(name, value, named=named, bare=bare)
            or (named and _is_empty_or_session(name, value))
        )
    ]


def _plain(pair: Pair) -> Pair:
    """A parameter without escapes, in lower case: as the rules look at it."""
    name, value = pair
    if "%" in name or "%" in value or "+" in value:
        name, value = unquote_plus(name), unquote_plus(value)
    return name.lower(), value.lower()


def _names(name: str, value: str) -> bool:
    """Whether a parameter is one that names an article."""
    numbered = any(char.isdigit() for char in value) or len(value) > 7
    is_session = name in _SESSION_NAMES and _SESSION.fullmatch(value)
    return numbered and name in _NAMING and not is_session


def _is_form(name: str, value: str, *, named: bool) -> bool:
    if _MODES.fullmatch(name):
        return value in _MODE_WORDS
    if not _FORMS.fullmatch(name):
        return False
    if value in _FORM_WORDS or (value in _FLAGS and (named or name not in _NO_FLAGS or not value)):
        return True
    return named and not (value.isdigit() and len(value) > 2)


def _is_source(name: str, value: str, *, named: bool, bare: bool) -> bool:
    """`bare`: the path is a program's, a section's or the front page's, and names no article."""
    if not _SOURCES.fullmatch(name):
        return False
    if named or not value:
        return True
    if _SOURCE_VALUE.fullmatch(value) and _SOURCE_WORDS.issuperset(_WORDS.findall(value)):
        return True
    return not bare and value.isascii() and value.isalpha()


def _is_empty_or_session(name: str, value: str) -> bool:
    if not value:
        return name.isascii() and name.replace("_", "").isalpha()
    return name in _SESSION_NAMES and _SESSION.fullmatch(value) is not None
