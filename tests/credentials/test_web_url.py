"""One spelling of a URL, compared with a slow reading of RFC 3986."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from yett.credentials.web_url import normal_url

UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
RAW = UNRESERVED + "!$&'()*+,=:@"


def slow_dots(path):
    """RFC 3986 s5.2.4, letter by letter."""
    source, out = path, ""
    while source:
        if source.startswith("../"):
            source = source[3:]
        elif source.startswith(("./", "/./")):
            source = source[2:]
        elif source == "/.":
            source = "/"
        elif source.startswith("/../"):
            source, out = source[3:], out[: out.rfind("/")] if "/" in out else ""
        elif source == "/..":
            source, out = "/", out[: out.rfind("/")] if "/" in out else ""
        elif source in {".", ".."}:
            source = ""
        else:
            cut = source.find("/", 1)
            cut = len(source) if cut < 0 else cut
            out, source = out + source[:cut], source[cut:]
    return out


def slow(text):
    """RFC 3986 appendix B, then s6.2.2 and s6.2.3, one after the other."""
    match = re.match(r"^(([^:/?#]+):)?(//([^/?#]*))?([^?#]*)(\?([^#]*))?(#(.*))?$", text)
    scheme, authority, path = match[2].lower(), match[4].lower(), match[5]
    host, _, port = (
        authority.rpartition(":")
        if re.search(r":[0-9]*$", authority)
        else (
            authority,
            "",
            "",
        )
    )
    out, at = "", 0
    while at < len(path):
        if path[at] == "%":
            character = chr(int(path[at + 1 : at + 3], 16))
            out += character if character in RAW else path[at : at + 3].upper()
            at += 3
        else:
            out += path[at]
            at += 1
    default = {"http": "80", "https": "443"}[scheme]
    number = str(int(port)) if port else default
    shown = "" if number == default else f":{number}"
    return f"{scheme}://{host}{shown}{slow_dots(out) or '/'}"


schemes = st.sampled_from(["http", "https", "HTTP", "hTTps"])
hosts = st.one_of(
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.-]{0,20}", fullmatch=True),
    st.sampled_from(["[::1]", "[2001:DB8::1]", "127.0.0.1", "EXAMPLE.com"]),
)
ports = st.one_of(st.just(""), st.just(":"), st.integers(1, 65535).map(lambda n: f":{n}"))
pieces = st.one_of(
    st.sampled_from(
        [".", "..", "", "/", "//", "a", "%2e", "%2E%2e", "%2F", "%7e", "%41", "%c3%A9"]
    ),
    st.text(RAW, max_size=6),
    st.integers(0, 255).map(lambda n: f"%{n:02x}"),
)
paths = st.lists(pieces, max_size=8).map(lambda parts: "/" + "/".join(parts) if parts else "")
tails = st.sampled_from(["", "?", "?a=b", "#c", "?a=/../b#/../c", "?x=%2e%2e"])
urls = st.tuples(schemes, st.just("://"), hosts, ports, paths, tails).map("".join)


@given(urls)
@example("http://h/a//../b/.")
@example("http://h/..")
@example("http://h//..")
def test_it_agrees_with_the_slow_reading(url):
    """Normalising at once is the same as doing each step of RFC 3986 s6.2 by itself."""
    assert normal_url(url) == slow(url)


@given(urls)
def test_normalising_again_changes_nothing(url):
    """The one spelling is its own spelling."""
    once = normal_url(url)
    assert normal_url(once) == once


@given(st.text())
def test_no_text_breaks_it(text):
    """Whatever is asked for, the answer is a spelling or none."""
    found = normal_url(text)
    assert not found or found.startswith(("http://", "https://"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https:",
        "https://",
        "https:///path",
        "https:/host/path",
        "//host/path",
        "ftp://host/",
        "https://user@host/",
        "https://user:pass@host/",
        "https://host:0/",
        "https://host:65536/",
        "https://host:99999/",
        "https://host:123456/",
        "https://host:8x/",
        "https://host:-1/",
        "https://h%6fst/",
        "https://hôst/",
        "https://\u212a.example/",
        "https://host\\path",
        "https://host/a b",
        "https://host/%",
        "https://host/%4",
        "https://host/%zz",
        "https://host/\x00",
        "https://host/\n",
        "https://[::1/",
        "https://::1/",
        "https://host/é",
    ],
)
def test_what_is_no_url_has_no_spelling(text):
    """What a browser or a resolver might still read is not guessed at."""
    assert normal_url(text) == ""


def test_a_long_url_is_judged_in_linear_time():
    """No URL makes the search start over: a megabyte of it is answered like a line."""
    for text in ("https://" + "a" * 1_000_000, "https://h/" + "%41" * 300_000 + "%"):
        assert normal_url(text) in {"", text + "/"}
