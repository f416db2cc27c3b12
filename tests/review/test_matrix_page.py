"""The matrix as text and as a page that cannot be turned against its reader."""

from __future__ import annotations

from html.parser import HTMLParser

from yett.review.matrix_cells import Cell, Matrix
from yett.review.matrix_page import as_html, as_text

EVIL = '"><script>alert(1)</script>'
MATRIX = Matrix(
    ("anonymous", "user"),
    {
        "get": {"anonymous": Cell("-"), "user": Cell("cond", "a < b", ("r",))},
        EVIL: {"anonymous": Cell("ALLOW", "", (EVIL,)), "user": Cell("?", EVIL)},
    },
)


def test_text():
    """A table, and each condition once below it."""
    lines = as_text(Matrix(MATRIX.columns, {"get": MATRIX.rows["get"]})).splitlines()
    assert lines == [
        "action  anonymous  user",
        "get     -          cond",
        "",
        "get",
        "  user:",
        "    a < b",
    ]


def test_a_page_is_escaped_and_runs_nothing():
    """No script, no attribute and nothing loaded, whatever operations and rules are called."""
    page = as_html(MATRIX, EVIL)
    found = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.append((tag, dict(attrs)))

    Reader().feed(page)
    tags = {tag for tag, _ in found}
    assert tags <= {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "h1",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "br",
        "code",
    }
    assert all(not name.startswith("on") for _, attrs in found for name in attrs)
    assert not any({"src", "href"} & attrs.keys() for _, attrs in found)
    assert "default-src 'none'" in page
    assert "a &lt; b" in page
