"""The text of a web page: its headings, paragraphs, lists and captions, without what the site puts round them.

Walks the parser's events, so that time and memory grow with the page and not with the depth
of its tags. Keeps what it is not sure about: the segmenter knows boilerplate too, and a
paragraph lost here is lost without a trace.
"""

from __future__ import annotations

import codecs
import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from winsextract.errors import MissingExtraError, ReadError
from winsextract.stages.formats.blocks import Block, plain_text, row, words_of

# 100,000 tags take 0.5 s in running text and 1.4 s in a table; pages of real reports have 2,000 to 20,000.
MAX_TAGS = 700_000
# libxml2 drops what is nested deeper than this (tags); real pages stay below 100.
MAX_DEPTH = 2000
# How much of a page's characters may be boilerplate by the name of its class; more is the report itself.
MOST_NOISE = 0.3
# The share of a page's text that <main>, or one <article>, must hold to be taken for all of it.
MAIN_SHARE = 0.5
# Items of a list that are links and no longer than this on average (characters) are a menu;
# linked headlines of a round-up have about 70.
MENU_ITEM = 45

# https://html.spec.whatwg.org/multipage/rendering.html#flow-content-3 and its neighbours.
_BLOCKS = words_of(
    """
    address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure footer
    form frameset h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main menu nav ol optgroup option p pre
    search section summary table caption tbody td tfoot th thead tr ul video audio
    """
)
_HIDDEN = words_of(
    """
    script style template noscript iframe object embed svg math canvas select textarea datalist rp rt head
    """
)
_HEADINGS = {f"h{n}": n for n in range(1, 7)}
_NAVIGATION_ROLES = words_of(
    """
    navigation banner contentinfo search dialog alertdialog menu menubar toolbar
    """
)
_SITE_TAGS = frozenset(("nav", "dialog", "search", "footer", "aside", "header"))
_COOKIES = words_of(
    """
    cookie cookies consent onetrust gdpr ccpa
    """
)
_NOISE = _COOKIES | words_of(
    """
    newsletter subscribe subscription signup share sharing sharedaddy social breadcrumb breadcrumbs sidebar related
    recirculation comments pagination pager advert advertisement ads promo popup skip navbar nav navigation menu
    footer donate donation login search toc
    """
)
_CLASS_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_OPENS_PANEL = frozenset(("aria-expanded", "aria-controls", "data-bs-toggle", "data-toggle"))
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)
_XML_CHARSET = re.compile(rb"^\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)
# The codecs of https://encoding.spec.whatwg.org/#names-and-labels; Python has others that decode no text.
_WEB_CODECS = re.compile(
    r"utf-8|iso8859-\d+|cp125\d|cp874|cp866|koi8-[ru]|mac-roman|mac-cyrillic|gbk|gb2312|gb18030|big5|euc_jp|iso2022_jp|shift_jis|euc_kr"
)
_TAG = re.compile(r"<[a-zA-Z!/]")
_SITE_NAME = re.compile(r"\s+[|·•–—-]\s+[^|·•–—\d-]+$")


def declared_charset(data: bytes) -> str | None:
    """The codec that a page names in its first 4096 bytes, None where it names none that the web knows."""
    head = data[:4096]
    found = _XML_CHARSET.search(head) or _META_CHARSET.search(head)
    if found is None:
        return None
    try:
        name = codecs.lookup(found[1].decode("ascii")).name
    except LookupError:
        return None
    if name in ("ascii", "iso8859-1"):
        return "cp1252"  # what browsers take both names for
    return name if _WEB_CODECS.fullmatch(name) else None


def text_of(markup: str, *, name: str) -> str:
    """The text of a decoded page.

    Raises ReadError where it is no HTML, is nested or marked up beyond reason or holds no
    text, and MissingExtraError where lxml is not installed.
    """
    if _TAG.search(markup) is None:
        raise ReadError(f"{name}: is no HTML, it holds no tags; name it .txt if it is a report.")
    if markup.count("<") > MAX_TAGS:
        raise ReadError(f"{name}: holds more than {MAX_TAGS:,} tags, which no report does.")
    try:
        from lxml import etree
    except ImportError as error:
        raise MissingExtraError(
            f"{name}: HTML needs an optional library: pip install 'winsextract[formats]'."
        ) from error
    walk = _Walk()
    parser = etree.HTMLParser(target=walk, encoding="utf-8", huge_tree=True, no_network=True, remove_pis=True)
    try:
        parser.feed(markup.encode("utf-8"))
        blocks = parser.close()
    except etree.LxmlError as error:
        raise ReadError(f"{name}: cannot be read as HTML ({error}).") from error
    if walk.deepest >= MAX_DEPTH or any("xcessive depth" in entry.message for entry in parser.error_log):
        raise ReadError(f"{name}: nests its tags more than {MAX_DEPTH:,} deep, which no report does.")
    text = plain_text(blocks)
    if not text:
        raise ReadError(f"{name}: the page holds no text; if a script draws it, print it to a PDF in a browser.")
    return text


@dataclass(slots=True, eq=False)
class _Region:
    """An element that may be no part of the report; `words` are the names that say so."""

    parent: _Region | None
    kind: str  # "site" (by its tag or role), "named" (by class or id) or "banner"
    words: frozenset[str] = frozenset()
    size: int = 0
    has_title: bool = False
    dropped: bool = False


@dataclass(slots=True)
class _Open:
    """An element whose end is still to come."""

    tag: str
    region: _Region | None
    main: int
    article: int
    hidden: bool
    first_block: int
    group: int
    link: str = ""
    cells: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Piece:
    """A block with where on the page it stands."""

    block: Block
    region: _Region | None
    main: int
    article: int
    links: int
    jumps: int


class _Walk:
    """The parser's target: gathers blocks and, at the end, chooses those of the report."""

    def __init__(self) -> None:
        self.deepest = 0
        self._open: list[_Open] = [_Open("", None, 0, 0, False, 0, 0)]
        self._pieces: list[_Piece] = []
        self._regions: list[_Region] = []
        self._text: list[str] = []
        self._links = 0  # characters of the text so far that stand in links
        self._jumps = 0  # links of the text so far that lead to a place on the same page
        self._bullet = False
        self._numbers = 0
        self._preformatted = 0
        self._title: list[str] = []
        self._in_title = False

    # ------------------------------------------------------------ events

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        above = self._open[-1]
        attributes = attributes or {}  # lxml's empty mapping is slow
        self._in_title = tag == "title" and not self._title
        if tag == "br":
            self._text.append("\n")
        elif tag == "hr":
            self._flush()
            if not above.hidden:
                self._add(Block("rule", "---"))
        elif tag == "q":
            self._text.append("“")
        elif tag in _BLOCKS:
            self._flush()
        hidden = (
            above.hidden
            or tag in _HIDDEN
            or (tag == "button" and not self._is_panel_button(attributes))
            or attributes.get("type") == "hidden"
        )
        opened = _Open(tag, above.region, above.main, above.article, hidden, len(self._pieces), above.group)
        if tag == "pre":
            self._preformatted += 1
        elif tag == "li":
            self._bullet = True
        elif tag in ("ul", "ol", "menu", "dir"):
            self._bullet = False
            opened.group = self._number()
        elif tag == "a":
            opened.link = attributes.get("href") or ""
            self._jumps += opened.link.startswith("#") and len(opened.link) > 1
        elif tag in ("td", "th"):
            tr = next((o for o in reversed(self._open[-3:]) if o.tag == "tr"), None)
            if tr is not None:
                tr.cells.append(len(self._pieces))
        if tag == "main" or attributes.get("role") == "main":
            opened.main = opened.main or self._number()
        elif tag == "article" or attributes.get("itemprop") == "articleBody":
            opened.article = opened.article or self._number()
        if attributes or tag in _SITE_TAGS:
            self._enter_region(opened, attributes)
        self._open.append(opened)
        self.deepest = max(self.deepest, len(self._open))

    def end(self, tag: str) -> None:
        if len(self._open) == 1 or self._open[-1].tag != tag:
            return
        closed = self._open[-1]
        if tag == "q":
            self._text.append("”")
        elif tag in _BLOCKS or closed.region is not self._open[-2].region:
            self._flush()
        if tag == "pre":
            self._preformatted -= 1
        elif tag == "li":
            self._bullet = False
        elif tag == "tr" and closed.cells:
            self._close_row(closed)
        elif tag in ("ul", "ol", "menu"):
            self._close_list(closed)
        elif tag == "title":
            self._in_title = False
        self._open.pop()

    def data(self, data: str) -> None:
        top = self._open[-1]
        if self._in_title:
            self._title.append(data)
            return
        if top.hidden:
            return
        if not self._preformatted:
            data = data.replace("\n", " ")
        self._text.append(data)
        if any(o.link for o in self._open[-4:]):
            self._links += len(data.strip())

    def close(self) -> list[Block]:
        self._flush()
        kept = self._choose()
        blocks = [piece.block for piece in kept]
        title = _SITE_NAME.sub("", " ".join("".join(self._title).split()))
        if title and blocks and not any(b.kind == "heading" and (b.level == 1 or _same(b.text, title)) for b in blocks):
            blocks.insert(0, Block("heading", title, 1))
        return blocks

    # ------------------------------------------------------------ gathering

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers

    @staticmethod
    def _is_panel_button(attributes: Mapping[str, str]) -> bool:
        """Whether a button is the heading of a panel that it opens, as in an accordion."""
        return not _OPENS_PANEL.isdisjoint(attributes) or "accordion" in (attributes.get("class") or "")

    def _enter_region(self, opened: _Open, attributes: Mapping[str, str]) -> None:
        tag = opened.tag
        if tag in ("html", "body", "main", "article") or (tag not in _BLOCKS and tag not in ("a", "span")):
            return
        role = attributes.get("role") or ""
        inside = (
            opened.main or opened.article or any(o.tag in ("section", "blockquote", "figure") for o in self._open[-6:])
        )
        kind, words = "", frozenset[str]()
        if (
            tag in ("nav", "dialog", "search")
            or role in _NAVIGATION_ROLES - {"banner"}
            or (tag in ("footer", "aside") and not inside)
        ):
            kind = "site"
        elif role == "banner" or (tag == "header" and not inside):
            kind = "banner"
        elif label := f"{attributes.get('class') or ''} {attributes.get('id') or ''}".strip():
            words = _NOISE.intersection(w.lower() for w in _CLASS_WORD.findall(label[:400]))
            kind = "named" if words else ""
        if kind:
            self._flush()
            opened.region = _Region(opened.region, kind, words)
            self._regions.append(opened.region)

    def _flush(self) -> None:
        """End the block that the text so far belongs to."""
        if not self._text:
            return
        text = "".join(self._text).replace("\xad", "").replace("\r", "")
        links, jumps = self._links, self._jumps
        self._text, self._links, self._jumps = [], 0, 0
        if not text.strip():
            return
        level = next((_HEADINGS[o.tag] for o in reversed(self._open[-8:]) if o.tag in _HEADINGS), 0)
        if not level and jumps > 1 and links > 0.8 * len("".join(text.split())):
            return  # "January | February | March": jumps to the sections below
        if level:
            self._add(Block("heading", text, level), links=links, jumps=jumps)
        elif self._bullet:
            self._add(Block("item", text, group=self._open[-1].group), links=links, jumps=jumps)
        else:
            self._add(Block("text", text), links=links, jumps=jumps)
        self._bullet = False

    def _add(self, block: Block, *, links: int = 0, jumps: int = 0) -> None:
        top = self._open[-1]
        self._pieces.append(_Piece(block, top.region, top.main, top.article, links, jumps))

    def _close_row(self, tr: _Open) -> None:
        pieces = self._pieces
        bounds = [*tr.cells, len(pieces)]
        cells = [pieces[a:b] for a, b in itertools.pairwise(bounds)]
        where = {id(piece.block): piece for cell in cells for piece in cell}
        first = pieces[tr.cells[0]] if tr.cells[0] < len(pieces) else None
        merged = row([[piece.block for piece in cell] for cell in cells])
        del pieces[tr.cells[0] :]
        for block in merged:
            piece = where.get(id(block), first)
            assert piece is not None
            pieces.append(_Piece(block, piece.region, piece.main, piece.article, 0, 0))

    def _close_list(self, closed: _Open) -> None:
        """Leave out a list that is a menu: nothing but short links, or jumps to places on the page."""
        pieces = self._pieces[closed.first_block :]
        if len(pieces) < 2 or any(piece.block.kind != "item" for piece in pieces):
            return
        texts = ["".join(piece.block.text.split()) for piece in pieces]
        if all(piece.links >= 0.8 * len(text) for piece, text in zip(pieces, texts, strict=True)) and (
            sum(map(len, texts)) <= MENU_ITEM * len(texts) or all(piece.jumps for piece in pieces)
        ):
            del self._pieces[closed.first_block :]

    # ------------------------------------------------------------ choosing

    def _choose(self) -> list[_Piece]:
        """The pieces that are the report's, in the order of the page."""
        pieces = self._pieces
        total = _size(pieces)
        by_word: Counter[str] = Counter()
        for piece in pieces:
            region = piece.region
            words: set[str] = set()
            while region is not None:
                region.size += len(piece.block.text)
                region.has_title = region.has_title or (piece.block.kind == "heading" and piece.block.level == 1)
                words |= region.words
                region = region.parent
            for word in words:
                by_word[word] += len(piece.block.text)
        titled = any(p.block.level == 1 and (p.main or p.article) for p in pieces)
        for region in self._regions:  # outer ones come first
            if region.kind == "site" or (region.parent is not None and region.parent.dropped):
                region.dropped = True
            elif region.kind == "named":
                few = all(by_word[word] <= MOST_NOISE * total for word in region.words - _COOKIES)
                region.dropped = few and not region.has_title
        kept = []
        for piece in pieces:
            region, banner = piece.region, False
            while region is not None and not region.dropped:
                banner = banner or region.kind == "banner"
                region = region.parent
            is_title = piece.block.kind == "heading" and piece.block.level == 1
            if region is None and (not banner or (is_title and not titled)):
                kept.append(piece)
        kept = kept if any(p.block.kind != "rule" for p in kept) else pieces
        return _main_part(kept)


def _main_part(pieces: Sequence[_Piece]) -> list[_Piece]:
    """The pieces within <main>, or within the one article that is most of the page; all of them where neither is."""
    total = _size(pieces)
    for numbers in ([p.article for p in pieces], [p.main for p in pieces]):
        sizes: Counter[int] = Counter()
        for piece, number in zip(pieces, numbers, strict=True):
            sizes[number] += len(piece.block.text)
        sizes.pop(0, None)
        if sizes and (best := sizes.most_common(1)[0])[1] >= MAIN_SHARE * total:
            inside = [p for p, number in zip(pieces, numbers, strict=True) if number == best[0]]
            if any(p.block.level == 1 for p in inside):
                return inside
            first = next(i for i, number in enumerate(numbers) if number == best[0])
            return [*(p for p in pieces[:first] if p.block.level == 1), *inside]
    return list(pieces)


def _size(pieces: Sequence[_Piece]) -> int:
    return sum(len(piece.block.text) for piece in pieces)


def _same(heading: str, title: str) -> bool:
    a, b = " ".join(heading.split()).casefold(), title.casefold()
    return b in a or (len(a) > len(b) / 2 and a in b)
