"""What one string is taken for: attacks found, prose left alone, no input raises or stalls."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yett.policy.injection.detect import (
    INERT,
    OVERLAP_CHARS,
    SENTENCE,
    WINDOW_CHARS,
    _is_prose,
    detect_key,
    make_detector,
)
from yett.policy.injection.library import load_library

PLAIN = make_detector("plain", load_library())
# Known misses, stated in docs/reference/injection.md: raise the bar when one is found after all.
MISSED = {"1+union+select+1,2", "1 union values(1)", "1 for update --"}


def test_sql_injection_is_found(detectors, corpora):
    """Every SQL injection of the corpus is found, but for the ones the page names."""
    missed = {v for v in corpora("sqli") if not detectors["plain"](v)}
    assert missed == MISSED


def test_cross_site_scripting_is_found(detectors, corpora):
    """Every cross-site script of the corpus is found."""
    assert [v for v in corpora("xss") if not detectors["plain"](v)] == []


def test_prose_is_left_alone(detectors, corpora):
    """Names, addresses and sentences of people are not reported."""
    assert [(v, f) for v in corpora("benign") if (f := detectors["plain"](v))] == []


@pytest.mark.parametrize("profile", ["html", "code"])
def test_milder_profiles_leave_prose_alone(detectors, corpora, profile):
    """What plain text may say, markup and code may say too."""
    assert [v for v in corpora("benign") if detectors[profile](v)] == []


def test_html_may_hold_markup_but_no_script(detectors):
    """A field for HTML takes formatting and templates, and no active content."""
    html = detectors["html"]
    assert html('<p class="x">Tom\'s <b>own</b> <a href="https://example.com">page</a></p>') == ""
    assert html("<p onclick=alert(1)>x</p>")
    assert html('<a href="javascript:alert(1)">x</a>')


def test_code_may_hold_code(detectors):
    """A field for source code takes code, and still no NUL, terminal escape or JNDI lookup."""
    code = detectors["code"]
    for text in (
        "SELECT * FROM a WHERE b='c' OR 1=1 --",
        "<script>x()</script>",
        "cat /etc/passwd",
    ):
        assert not code(text)
    assert code("a\x00b") == "rule:control"
    assert code("${jndi:ldap://evil.example/a}") == "rule:lookup"


@pytest.mark.parametrize(
    "text",
    ["", "anna", "a.b_c", "2026-11-22", "2026-11-22T10:00:00Z", "anna@example.com", "10:30", "+49"],
)
def test_inert_values_cost_one_look(text):
    """Identifiers, dates and addresses are known by their form alone."""
    assert PLAIN(text) is None


def test_no_attack_is_inert(corpora):
    """The short cut loses none of the attacks."""
    attacks = corpora("sqli") + corpora("xss")
    assert [v for v in attacks if INERT.fullmatch(v)] == []


@pytest.mark.parametrize("padding", ["a", "word ", "ä", "lorem ipsum, dolor. "])
@pytest.mark.parametrize("place", [0, 100, WINDOW_CHARS - 10, WINDOW_CHARS, 3 * WINDOW_CHARS + 7])
@pytest.mark.parametrize("attack", ["<script>alert(1)</script>", "' or '1'='1", "${jndi:ldap://x}"])
def test_padding_hides_nothing(padding, place, attack):
    """An attack behind, before or across a window's edge is found wherever it lies."""
    before = (padding * (place // len(padding) + 1))[:place]
    assert PLAIN(before + attack + padding * 50)


@given(st.integers(0, 3 * WINDOW_CHARS))
@settings(max_examples=60, deadline=None)
def test_every_place_is_in_a_window(place):
    """No offset falls between windows."""
    assert PLAIN("a " * (place // 2) + "<img src=x onerror=alert(1)>" + " b" * WINDOW_CHARS)


def test_windows_overlap_by_more_than_an_attack():
    """The overlap holds the longest attack of the corpora several times."""
    assert OVERLAP_CHARS >= 1024


@pytest.mark.parametrize(
    "text",
    [
        "%27 or 1=1 --",
        "%2527 or 1=1 --",
        "%3Cscript%3Ealert(1)%3C/script%3E",
        "%u003cscript%u003e",
        "\uff1cscript\uff1e",
        "\uff07 or 1=1 --",
        "x%0d%0aSet-Cookie: a=b",
        "..%252f..%252fetc/passwd",
    ],
)
def test_values_are_read_as_a_careless_service_would(text):
    """What becomes an attack by decoding twice more or by best-fit letters is one."""
    assert PLAIN(text)


@pytest.mark.parametrize(
    "text",
    ["100% sure", "50%25 of it", "a%20b%20c", "0x%08x and %04d", "\uff21\uff22\uff23", "100%"],
)
def test_percent_and_wide_letters_alone_are_fine(text):
    """Decoding again does not make an attack of what is none."""
    assert not PLAIN(text)


def test_base64_files_are_not_text():
    """A long base64 value is content: not reported, and not read."""
    assert PLAIN("QUJDREVGR0hJ/+AA" * 200 + "==") is None
    assert PLAIN("data:image/png;base64," + "iVBORw0KGgo" * 200) is None
    assert PLAIN("data:text/html;base64," + "iVBORw0KGgo" * 200)
    assert PLAIN("' or 1=1 --" + "QUJDREVGR0hJ" * 200)


def test_a_sentence_of_words_is_not_sql():
    """Word-only fingerprints need something to break out with."""
    assert PLAIN("run Go programs as a service on major platforms") == ""
    assert PLAIN("debian/*: update to new name") == ""
    assert PLAIN("x union select name from users")


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("__proto__", {}, "rule:prototype"),
        ("constructor", {"prototype": {}}, "rule:prototype"),
        ("a[__proto__]", 1, "rule:prototype"),
        ("__proto__.x", 1, "rule:prototype"),
        ("$where", "1", "rule:nosql-operator"),
        ("$ne", None, "rule:nosql-operator"),
        ("filter[$gt]", "", "rule:nosql-operator"),
        ("name.$ne", "", "rule:nosql-operator"),
        ("' or 1=1 --", 1, "sqli:s&1c"),
    ],
)
def test_names_that_change_objects_are_found(key, value, found):
    """Keys that become prototypes, operators or queries are found by name."""
    assert detect_key(key, value, PLAIN)
    assert detect_key(key, value, PLAIN) == found or found.startswith("sqli")


@pytest.mark.parametrize(
    ("key", "value"), [("constructor", "ACME"), ("prototype", 1), ("price_$", 1), ("en-GB", "x")]
)
def test_ordinary_names_are_fine(key, value):
    """A constructor may build houses."""
    assert not detect_key(key, value, PLAIN)


KEYWORDS = [
    "select",
    "from",
    "where",
    "and",
    "or",
    "not",
    "in",
    "is",
    "null",
    "like",
    "between",
    "exists",
    "case",
    "when",
    "then",
    "end",
    "having",
    "group",
    "order",
    "by",
    "limit",
    "insert",
    "into",
    "values",
    "update",
    "set",
    "delete",
    "drop",
    "table",
    "create",
    "alter",
    "exec",
    "declare",
    "waitfor",
    "delay",
    "sleep",
    "benchmark",
    "user",
    "version",
    "database",
    "xor",
    "div",
    "mod",
    "regexp",
    "rlike",
    "sounds",
    "collate",
    "binary",
    "all",
    "distinct",
    "top",
    "as",
    "join",
    "on",
    "natural",
    "using",
    "procedure",
    "if",
    "concat",
    "char",
    "current",
    "names",
    "id",
    "x",
    "for",
    "to",
    "begin",
    "goto",
    "open",
    "print",
    "shutdown",
    "show",
    "handler",
    "load",
    "data",
    "file",
    "outfile",
    "n",
    "e",
    "q",
    "date",
    "time",
    "int",
]


def test_sentences_of_keywords_are_no_injection(library):
    """The short cut for sentences: without its turns no order of SQL's words is reported."""
    rng = random.Random(20261122)
    for _ in range(30_000):
        gaps = [" ", " ", rng.choice([", ", "-", ". ", "? ", "! ", " - ", ",", "."])]
        text = "".join(rng.choice(KEYWORDS) + rng.choice(gaps) for _ in range(rng.randint(1, 7)))
        if SENTENCE.fullmatch(text) and "--" not in text:
            kind = library.sqli(text.encode())
            assert not kind or _is_prose(kind, text), (kind, text)
            assert PLAIN(text) in ("", None)


@pytest.mark.parametrize(
    "text", ["x union select name from users", "id or true", "a -- b", "x or false"]
)
def test_sentences_with_a_turn_are_read(text, library):
    """What could turn a sentence into a query is given to libinjection."""
    assert (PLAIN(text) or "") == (
        f"sqli:{k}" if (k := library.sqli(text.encode())) and k != "nc" else ""
    )


@given(st.text(alphabet=st.characters(), max_size=400))
@settings(max_examples=400, deadline=None)
def test_no_string_raises(text):
    """Any string, lone surrogates and all, gets an answer."""
    assert isinstance(PLAIN(text), str | None)


@given(st.text(alphabet="'\"<>=;{}$%\\/()|&-#*.:@ \n\x00ab1\ud800", max_size=3000))
@settings(max_examples=300, deadline=None)
def test_no_hostile_string_raises(text):
    """Any mixture of the characters that matter gets an answer."""
    PLAIN(text)


@given(st.text(alphabet=st.characters(exclude_characters="<=`", codec="utf-8"), max_size=300))
@settings(max_examples=400, deadline=None)
def test_libinjection_needs_one_of_three_characters(text):
    """The short cut before the XSS question loses nothing."""
    assert not load_library().xss(text.encode())


HOSTILE = [
    "{{", "{{.", "${", "${.", "<%=", "<%= ", "'alert(", "{ ", "//a", "../", "/..", "..;", "&#0", ";echo a",
    ";echo  ", "\nget /", "\n ", "\r\n ", "(1+(", "1+((((((((((", "')((((((((", ")(a", "<form ", "<!doctype",
    'o:1:"a', "'or ''", "'or a", "1 or ", "this.a", "db.a", "http://a@", "; ", "| ", "`", "''\t", "&& ", '["$',
    "{   ", "a/**/b", "1) or", "%u00", "[][", ".location =", "<", "<a ", "&#", "a/", "<a b=c ", "%25", "sleep",
    "st_(", "java.lang ", "constructor.",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_cost_is_bounded(piece):
    """100 KB of any repeated trigger costs less than 100 ms of CPU (measured: 21 at the most)."""
    text = (piece * (100_000 // len(piece) + 1))[:100_000]
    begin = time.thread_time()
    PLAIN(text)
    assert time.thread_time() - begin < 0.1
