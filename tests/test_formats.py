"""Reports as web pages, Word documents and PDFs, made here by the libraries and programs that make real ones.

`cases/same_report.md` is one report; whatever file it comes in, its wins are the same. A page
of another build is a row of PAGES: how it writes a month and how it writes a win.
"""

from __future__ import annotations

import io
import itertools
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from winsextract.records import Segmentation
from winsextract.stages.read import DOCX, HTML, PDF, decode, read
from winsextract.stages.segment import segment

pytest.importorskip("lxml", reason="the extra winsextract[formats] is not installed")
docx = pytest.importorskip("docx", reason="the extra winsextract[formats] is not installed")
pytest.importorskip("pypdfium2", reason="the extra winsextract[formats] is not installed")

CASE = Path(__file__).parent / "cases" / "same_report.md"
MARKDOWN = CASE.read_text(encoding="utf-8")
WINS = [
    ("Kenya", 1, ["KEN"]),
    ("Côte d’Ivoire", 1, ["CIV"]),
    ("Bosnia and Herzegovina", 3, ["BIH"]),
    ("Global", 3, ["001"]),
    ("Thailand/Cambodia", 4, ["THA", "KHM"]),
    ("United States", 4, ["USA"]),
    ("DRC", 7, ["COD"]),
    ("Hong Kong", 7, ["HKG"]),
    ("Mexico", 7, ["MEX"]),
    ("Türkiye", 11, ["TUR"]),
    ("Palestine", 11, ["PSE"]),
    ("New Zealand", 11, ["NZL"]),
]
TITLE = "Small Victories: The Human Rights Wins of 2023"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

# What a site puts round a report.
SITE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>The Human Rights Wins of 2023 | The Paper Boat</title>
<style>.x{color:red} .skip-link{display:none}
@media print {nav, aside, footer, .jump, .cookie-banner {display: none}}</style><script>var a = "<p>Kenya: no</p>";</script></head><body class="has-sidebar">
<a class="skip-link" href="#main">Skip to content</a>
<div id="onetrust-banner-sdk" class="cookie-banner"><p>We use cookies to improve your experience.</p><button>Accept</button></div>
<header class="site-header"><nav><ul><li><a href="/">Home</a></li><li><a href="/ke">Kenya</a></li></ul></nav></header>
<ul class="jump"><li><a href="#january">January</a></li><li><a href="#march">March</a></li></ul>
%s
<aside class="sidebar"><h3>Related</h3><ul><li><a href="1">France: another story of the day</a></li><li><a href="2">Brazil</a></li></ul></aside>
<footer><p>© 2023 The Paper Boat. All rights reserved.</p><ul><li><a href="p">Privacy policy</a></li></ul></footer>
</body></html>"""
FURNITURE = (
    "Skip to content",
    "cookies",
    "Accept",
    "Home",
    "France",
    "Brazil",
    "All rights reserved",
    "Privacy",
    "Kenya: no",
    "Related",
)

# name, what stands round the report, a month, a win (its header and its text)
PAGES = [
    ("strong in a paragraph", "<main>{}</main>", "<h2>{}</h2>", "<p><strong>{}:</strong> {}</p>"),
    (
        "headings",
        "<main><article>{}</article></main>",
        "<h2>{}</h2>",
        "<h3>{}</h3><p>{}</p><figure><img src=x alt=y><figcaption>Cap. © A/AFP</figcaption></figure>",
    ),
    ("strong alone", "<article>{}</article>", "<h2>{}</h2>", "<p><strong>{}</strong></p>\n<p>{}</p>"),
    (
        "nothing but divs",
        "<div class=wrap><div class=main-content>{}</div></div>",
        "<div class=t><span>{}</span></div>",
        "<div class=row><div><b>{}:</b> {}</div></div>",
    ),
    ("list", "<main>{}</main>", "<h2>{}</h2>", "<ul><li><strong>{}:</strong> {}</li></ul>"),
    ("list of paragraphs", "<main>{}</main>", "<h2>{}</h2>", "<ul><li><p><strong>{}:</strong> {}</p></li></ul>"),
    ("line breaks", "<div id=content>{}</div>", "<b>{}</b><br><br>", "<strong>{}:</strong> {}<br><br>\n"),
    ("panels", "<main>{}</main>", "<h2>{}</h2>", "<details><summary>{}</summary><p>{}</p></details>"),
    (
        "accordion",
        "<main>{}</main>",
        "<h2>{}</h2>",
        '<h3><button aria-expanded="false">{}</button></h3><div class=panel hidden><p>{}</p></div>',
    ),
    ("table", "<main><table>{}</table></main>", "<tr><th colspan=2>{}</th></tr>", "<tr><td>{}</td><td>{}</td></tr>"),
    ("page laid out by a table", "<table><tr><td>{}</td><td></td></tr></table>", "<h2>{}</h2>", "<p>{}: {}</p>"),
    (
        "cards",
        "<main>{}</main>",
        "<h2>{}</h2>",
        "<section class=card><header><h3>{}</h3></header><p>{}</p><div class=share-links><a href=x>Share on X</a></div></section>",
    ),
    ("articles", "<main>{}</main>", "<h2>{}</h2>", "<article><h3>{}</h3><p>{}</p></article>"),
    ("anchored headings", "<main>{}</main>", "<h2><a href='#x'>{}</a></h2>", "<h3><a href='#y'>{}</a></h3><p>{}</p>"),
    ("paragraphs left open", "{}", "<h2>{}", "<p>{}: {}"),
    (
        "boilerplate's words in classes",
        "<div class='newsletter-archive menu'>{}</div>",
        "<h2>{}</h2>",
        "<p class=related>{}: {}</p>",
    ),
]


def blocks() -> list[tuple[str, str]]:
    """The report as (kind, text with ** marks)."""
    out = []
    for block in MARKDOWN.strip().split("\n\n"):
        for line in block.split("\n"):
            mark, _, rest = line.partition(" ")
            kind = {"#": "title", "##": "month", ">": "quote", "-": "item", "---": "rule"}.get(mark, "text")
            out.append((kind, line if kind == "text" else rest))
    return out


def plain(text: str) -> str:
    return text.replace("*", "")


def month_and_wins() -> list[tuple[str, str, str]]:
    month, out = "", []
    for kind, text in blocks():
        if kind == "month":
            month = text
        elif found := re.match(r"\*\*(.+?):\*\* (.+)", text):
            out.append((month, found[1], plain(found[2])))
    return out


def as_text() -> bytes:
    marks = {"item": "• "}
    return "\n\n".join(marks.get(kind, "") + plain(text) for kind, text in blocks() if kind != "rule").encode()


def as_html() -> bytes:
    body = MarkdownIt().render(MARKDOWN)
    return (SITE % f"<main id=main><article><div class=entry-content>{body}</div></article></main>").encode()


def as_docx() -> bytes:
    document = docx.Document()
    styles = {
        "title": "Title",
        "month": "Heading 1",
        "item": "List Bullet",
        "quote": "Quote",
        "text": None,
        "rule": None,
    }
    document.sections[0].header.paragraphs[0].text = "The Paper Boat"
    for kind, text in blocks():
        paragraph = document.add_paragraph(style=styles[kind])
        for n, run in enumerate(text.split("**")):
            paragraph.add_run(plain(run)).bold = bool(n % 2)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def as_pdf(*, narrow: bool = False) -> bytes:
    platypus = pytest.importorskip("reportlab.platypus", reason="reportlab is not installed")
    from reportlab.lib.pagesizes import A5, A6
    from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet

    styles = getSampleStyleSheet()
    size = A6 if narrow else A5
    running = ParagraphStyle("running", parent=styles["Normal"], alignment=4, spaceAfter=8)
    own = {"title": styles["Title"], "month": styles["Heading2"]}

    def edges(canvas: Any, page: Any) -> None:
        canvas.setFont("Times-Italic", 9)
        canvas.drawString(60, size[1] - 30, "The Paper Boat · The Human Rights Wins of 2023")
        canvas.drawCentredString(size[0] / 2, 25, f"Page {page.page} of 9" if not narrow else str(page.page))

    flow = []
    for kind, text in blocks():
        shown = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text).replace("*", "")
        paragraph = platypus.Paragraph(shown, own.get(kind, running))
        flow.append(platypus.ListFlowable([paragraph], bulletType="bullet", start="•") if kind == "item" else paragraph)
    file = io.BytesIO()
    platypus.SimpleDocTemplate(file, pagesize=size, leftMargin=50, rightMargin=50).build(
        flow, onFirstPage=edges, onLaterPages=edges
    )
    return file.getvalue()


def wins_of(found: Segmentation) -> list[tuple[str | None, int | None, list[str]]]:
    return [(s.header, s.month, [p.code for p in s.places]) for s in found.segments]


def bodies_of(text: str, found: Segmentation) -> list[str]:
    """The text of the wins without marks, so that only words and punctuation are compared."""
    return [
        " ".join(re.sub(r"\n- |[>•\n]", " ", text[s.start : s.end].replace("*", "")).split()) for s in found.segments
    ]


@pytest.fixture(scope="module")
def expected() -> list[str]:
    text = as_text().decode()
    return bodies_of(text, segment(text))


@pytest.mark.parametrize("kind", ["txt", "md", "html", "docx", "pdf", "narrow pdf", "printed pdf"])
def test_the_same_report_gives_the_same_wins(kind: str, tmp_path: Path, expected: list[str]) -> None:
    path = tmp_path / f"report.{kind.split()[-1]}"
    if kind == "printed pdf":
        if CHROMIUM is None:
            pytest.skip("no Chromium to print the page with: apt-get install chromium")
        page = tmp_path / "page.html"
        page.write_bytes(as_html())
        printed = [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path}/profile",
            f"--print-to-pdf={path}",
            page.as_uri(),
        ]
        subprocess.run(printed, check=True, capture_output=True, timeout=120)
    else:
        made = {
            "txt": as_text,
            "md": MARKDOWN.encode,
            "html": as_html,
            "docx": as_docx,
            "pdf": as_pdf,
            "narrow pdf": lambda: as_pdf(narrow=True),
        }
        path.write_bytes(made[kind]())
    source = read(path)
    found = segment(source.text)
    assert wins_of(found) == WINS
    assert found.year == 2023
    assert source.offsets_in_file == (kind in ("txt", "md"))
    assert source.encoding == (None if kind.endswith(("pdf", "docx")) else "utf-8")
    assert found.title == TITLE
    assert bodies_of(source.text, found) == expected


@pytest.mark.parametrize(("around", "month", "win"), [p[1:] for p in PAGES], ids=[p[0] for p in PAGES])
def test_pages_of_every_build(around: str, month: str, win: str) -> None:
    parts = (
        [f"<h1>{TITLE}</h1><p>Twelve good things happened that we could check twice.</p>"]
        if "table" not in around[:20]
        else []
    )
    for name, group in itertools.groupby(month_and_wins(), key=lambda w: w[0]):
        parts.append(month.format(name))
        parts.extend(win.format(header, text) for _, header, text in group)
    source = decode((SITE % around.format("\n".join(parts))).encode(), name="page.html", media_type=HTML)
    found = segment(source.text)
    assert wins_of(found) == WINS
    assert found.year == 2023
    for _, _, text in month_and_wins():
        assert text in source.text
    for words in FURNITURE:
        assert words not in source.text.replace("Human Rights Wins", "")


# markup, text
PIECES = [
    ("<h1>A</h1><h3>B <em>c</em></h3><p>d", "# A\n\n### B c\n\nd\n"),
    ("<p>a\n  b&nbsp;c&amp;d <b>e</b>, <i>f</i>", "a b\xa0c&d e, f\n"),
    ("<p>a<br>b<br><br>c", "a\nb\n\nc\n"),
    ("<ul><li>a<li><p>b</p><p>c</p></ul><ol><li>d</ol>", "• a\n• b\n\nc\n\n• d\n"),
    ("<blockquote><p>“a”</p><footer>B</footer></blockquote>", "“a”\n\nB\n"),
    ("<figure><img alt=z><figcaption>a</figcaption></figure><p>b", "a\n\nb\n"),
    ("<p>a <q>b</q><hr><pre>c\n d</pre>", "a “b”\n\n---\n\nc\nd\n"),
    ("<p>Gua\xadte\xadmala<wbr>n", "Guatemalan\n"),
    ("<table><tr><td>a<td>b<tr><td><td>c</table>", "a | b\n\nc\n"),
    ("<table><tr><td>Kenya<td><p>a<p>b</table>", "Kenya | a\n\nb\n"),
    ("<table><tr><td>a<td><table><tr><td>b<td>c</table></table>", "a | b | c\n"),
    (
        "<p>a<script>b</script><style>c</style><noscript>d</noscript><template>e</template><svg><text>f</text></svg>",
        "a\n",
    ),
    ("<title>The Wins of 2022 | Site</title><p>a", "# The Wins of 2022\n\na\n"),
    ("<title>The Wins of 2022</title><h2>The Wins of 2022: a year</h2><p>a", "## The Wins of 2022: a year\n\na\n"),
    ("<body><header><div>Site</div><h1>Wins</h1></header><main><p>a</main>", "# Wins\n\na\n"),
    ("<nav>only this</nav>", "only this\n"),
    ("<p><a href='#a'>January</a> | <a href='#b'>March</a></p><p>a", "a\n"),
    ("<p><a href='#a'>Kenya</a></p><p>a", "Kenya\n\na\n"),
    (
        "<ul><li><a href=1>Kenya: Court frees five teachers after three long years in jail</a><li><a href=2>Peru: Court returns land to the people of the valley at last</a></ul>",
        "• Kenya: Court frees five teachers after three long years in jail\n• Peru: Court returns land to the people of the valley at last\n",
    ),
    ("<!DOCTYPE html [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><p>a &x; b", "]>\n\na &x; b\n"),
]


@pytest.mark.parametrize(("markup", "text"), PIECES)
def test_pieces_of_pages(markup: str, text: str) -> None:
    assert decode(markup.encode(), name="a.html", media_type=HTML).text == text


@pytest.mark.parametrize(
    "unit",
    [
        "<p><b>Kenya</b>: a court freed her, after years, from a jail in Isiolo.</p>",
        "<tr><td>Kenya<td>x",
        "<div class=share>x</div>",
        "<li>x",
        "a & b < c ",
        "<p a='1' b=2>x",
    ],
)
def test_pages_take_linear_time(unit: str) -> None:
    took = []
    for times in (1, 4, 16):
        data = (unit * (100_000 * times // len(unit))).encode()
        began = time.process_time()
        decode(b"<html><body>" + data, name="a.html", media_type=HTML)
        took.append(time.process_time() - began)
    assert took[2] < 16 * 3 * max(took[0], 0.02), took


def test_page_of_twenty_megabytes() -> None:
    unit = "<h3>Kenya</h3><p>A court freed someone after a long time in prison, on 17 January, and the family rejoiced. It was the end of a wait.</p>"
    began = time.process_time()
    text = decode((unit * (20 * 1024 * 1024 // len(unit))).encode(), name="a.html", media_type=HTML).text
    assert time.process_time() - began < 20
    assert text.count("### Kenya") == 20 * 1024 * 1024 // len(unit)


def test_what_word_documents_hold() -> None:
    document = docx.Document()
    document.add_heading("Wins of 2022", 0)
    document.add_paragraph("January\t1", style=document.styles.add_style("toc 1", 1))
    document.add_heading("January", 1)
    document.add_heading("Kenya", 2)
    paragraph = document.add_paragraph("She is ")
    paragraph.add_run("free").bold = True
    paragraph.add_run().add_break()
    paragraph.add_run("at last.")
    document.add_paragraph("one", style="List Number")
    document.add_paragraph("two", style="List Bullet")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(table._cells, ("Peru", "A law passed.", "Chile", ""), strict=True):
        cell.text = text
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    from docx.oxml import parse_xml

    for inside in (
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>In a control.</w:t></w:r></w:p></w:sdtContent></w:sdt>",
        "<w:p><w:ins><w:r><w:t>Put in</w:t></w:r></w:ins><w:del><w:r><w:delText> taken out</w:delText></w:r></w:del><w:hyperlink><w:r><w:t>, linked</w:t></w:r></w:hyperlink></w:p>",
        "<w:p><w:r><w:t>Above</w:t></w:r><w:r><w:pict><w:txbxContent><w:p><w:r><w:t>In a box.</w:t></w:r></w:p></w:txbxContent></w:pict></w:r></w:p>",
        '<w:p><w:pPr><w:outlineLvl w:val="1"/></w:pPr><w:r><w:t>Outlined</w:t></w:r></w:p>',
        "<w:p><w:r><w:instrText>PAGE</w:instrText></w:r></w:p>",
    ):
        document.element.body.insert(
            len(document.element.body) - 1, parse_xml(inside.replace(">", f' xmlns:w="{word}">', 1))
        )
    file = io.BytesIO()
    document.save(file)
    assert decode(file.getvalue(), name="a.docx", media_type=DOCX).text.split("\n\n") == [
        "# Wins of 2022",
        "## January",
        "### Kenya",
        "She is free\nat last.",
        "• one\n• two",
        "Peru | A law passed.",
        "Chile",
        "In a control.",
        "Put in, linked",
        "Above",
        "In a box.",
        "### Outlined\n",
    ]


def drawn(pages: list[list[tuple[float, float, float, str]]], *, password: str | None = None) -> bytes:
    """A PDF from (left, bottom, size, text) by page."""
    pdfgen = pytest.importorskip("reportlab.pdfgen.canvas", reason="reportlab is not installed")
    file = io.BytesIO()
    canvas = pdfgen.Canvas(file, pagesize=(300, 400), encrypt=password)
    for page in pages:
        for left, bottom, size, text in page:
            canvas.setFont("Helvetica", size)
            canvas.drawString(left, bottom, text)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def lines(
    *texts: str, left: float = 20, top: float = 330, size: float = 10, leading: float = 12
) -> list[tuple[float, float, float, str]]:
    return [(left, top - n * leading, size, text) for n, text in enumerate(texts)]


# why, pages, text
PAPERS = [
    (
        "hyphens go where the word is one, and stay where it is two",
        [
            lines(
                "Kenya: The exam-",
                "ination of the Ljubljana-",
                "Hague treaty in a court-",
                "house was long-",
                "standing; its examination in 1990-",
                "1995 and co-",
                "operation are over.",
            )
        ],
        "Kenya: The examination of the Ljubljana-Hague treaty in a court-house was long-standing; its examination in 1990-1995 and cooperation are over.\n",
    ),
    (
        "a sentence goes on over the page; heads and numbers go",
        [
            [
                (20, 380, 8, f"Wins of 2022 · {n}"),
                *lines("A text that is wide enough to be a line" + (" of imprison-" if n == 1 else ".")),
                (150, 10, 8, str(n)),
            ]
            if n != 2
            else [(20, 380, 8, "Wins of 2022 · 2"), *lines("ment ends here.", "And more is told."), (150, 10, 8, "2")]
            for n in (1, 2, 3)
        ],
        "A text that is wide enough to be a line of imprisonment ends here.\n\nAnd more is told.\n\nA text that is wide enough to be a line.\n",
    ),
    (
        "indented paragraphs without space between",
        [
            [
                *lines(
                    "Kenya: A court in Isiolo freed her on the day and",
                    "she went home to her wells with all her friends.",
                ),
                (32, 306, 10, "The company must go away now, said the old"),
                *lines("judge of the court to the company of the wells.", top=294),
            ]
        ],
        "Kenya: A court in Isiolo freed her on the day and she went home to her wells with all her friends.\n\nThe company must go away now, said the old judge of the court to the company of the wells.\n",
    ),
    (
        "two columns, painted one after the other",
        [
            [
                *lines("Kenya: A court in the", "town freed the five", "teachers whom it"),
                *lines("had jailed years ago.", "They are home again.", left=160),
            ]
        ],
        "Kenya: A court in the town freed the five teachers whom it had jailed years ago. They are home again.\n",
    ),
    (
        "headings by size, a large quotation is none",
        [
            [
                (20, 370, 24, "Wins of 2022"),
                (20, 340, 14, "January"),
                *lines(
                    "A court freed her, and all of them went home.",
                    "They sang all the way to the town of Isiolo.",
                    top=320,
                ),
                (20, 270, 14, "“We sang”"),
                (20, 240, 14, "March"),
                *lines("Peru: A law.", top=220),
            ]
        ],
        "# Wins of 2022\n\n## January\n\nA court freed her, and all of them went home. They sang all the way to the town of Isiolo.\n\n“We sang”\n\n## March\n\nPeru: A law.\n",
    ),
]


@pytest.mark.parametrize(("pages", "text"), [p[1:] for p in PAPERS], ids=[p[0] for p in PAPERS])
def test_pages_of_paper(pages: list[list[tuple[float, float, float, str]]], text: str) -> None:
    assert decode(drawn(pages), name="a.pdf", media_type=PDF).text == text


def test_locked_pdf() -> None:
    from winsextract.errors import ReadError

    with pytest.raises(ReadError, match="locked with a password"):
        decode(drawn([lines("Kenya: text")], password="secret"), name="a.pdf", media_type=PDF)


def test_reading_is_the_same_every_time() -> None:
    for data, kind in ((as_html(), HTML), (as_docx(), DOCX), (as_pdf(), PDF)):
        assert decode(data, name="a", media_type=kind) == decode(data, name="a", media_type=kind)
