"""One string -> the fingerprint of the first thing in it that looks like an attack.

Looks at the value as the application will get it, and at what it becomes when somebody behind the
gate decodes once more (percent-encoding) or narrows full-width letters to ASCII, as Windows code
pages and old databases do. It does not undo HTML entities, base64 or deeper nesting.
Cost is linear and bounded: 8 KB windows that overlap, a budget per request kept by `scan`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote

from yett.policy.injection.library import Library
from yett.policy.injection.rules import (
    CODE,
    DANGEROUS_KEYS,
    OPERATOR_KEY,
    compile_rules,
    find_sparks,
)

# libinjection costs at most 27 ns a byte for SQLi and 24 for XSS (measured on 34 hostile patterns).
WINDOW_CHARS = 8192
OVERLAP_CHARS = 1024
# The value itself was decoded once at the edge: `%2527` is a quote after two more.
MAX_MORE_DECODINGS = 2
# Words, numbers, dates, e-mail addresses and identifiers: 0.4 us, and none of 18,770 known attacks
# has this form (notes/edge.md s3); the looser `[\w .:@+-]*` would have lost 130.
INERT = re.compile("[A-Za-z0-9_.]*(?:[-:@+][A-Za-z0-9_.]+)*")
# Words of Latin, Greek or Cyrillic with stops, commas and hyphens, and no digit: 0.4 us where all
# the rest costs 2. Without one of `_turns` such a value makes a fingerprint of words alone, which
# `_is_prose` lets go (tests hold 30,000 random sentences of SQL's keywords to that).
SENTENCE = re.compile("[A-Za-z\u00c0-\u024f\u0370-\u04ff ,.!?-]+")
_QUICK = re.compile(f"{INERT.pattern}|({SENTENCE.pattern})")
# A file in base64: no space, quote or bracket to attack with, and too long for a path.
LEAST_BLOB_CHARS = 1024
BLOB = re.compile(
    r"(?:data:(?:image/(?!svg)|application/pdf)[\w.+-]*;base64,)?[\w+/\r\n-]+={0,2}", re.ASCII
)
_AGAIN = re.compile(r"%u?[0-9A-Fa-f]{2}")
_WIDE_ESCAPE = re.compile(r"%u([0-9A-Fa-f]{4})")
# Full-width forms and the modifier apostrophes which SQL Server and MySQL best-fit to ASCII.
_FOLD = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x02B9: 0x27,
    0x02BC: 0x27,
    0x02C8: 0x27,
    0x2032: 0x27,
    0xFE64: 0x3C,
    0xFE65: 0x3E,
}
_FOLDABLE = re.compile("[\uff01-\uff5e\u02b9\u02bc\u02c8\u2032\ufe64\ufe65]")
# libinjection's token types for words: names, keywords, expressions, operators, functions, types,
# `collate`, and the comma between them.
_WORDS = "nkETBfo&tvA,"
_EVIDENCE = re.compile(r"['\"`0-9();=#@]|--|/\*")
# Printf's `%08x` is no backspace: of the control characters only those count that attacks use.
_PRINTF = {0x08: None, 0x1B: None}
_INERT_SCRIPT = ("javascript:", "vbscript:")
_INERT_OBJECTS = ("rO0AB", "aced0005", "gASV")

# The fingerprint, empty when nothing was found, None when there was nothing to look at.
Detector = Callable[[str], str | None]


def make_detector(profile: str, library: Library) -> Detector:
    """Return the function that looks at one string of this profile (`plain`, `html`, `code`)."""
    look = _make_look(profile, library)
    quick, blob = _QUICK.fullmatch, BLOB.fullmatch
    inert = INERT.fullmatch
    foldable = _FOLDABLE.search

    def detect(text: str) -> str | None:
        if (simple := quick(text)) is not None:
            if simple.lastindex is None:
                return _inert(text)
            if not _turns(text.lower()):
                return ""
        if len(text) > LEAST_BLOB_CHARS and blob(text):
            return _inert(text)
        plain = "%" not in text and (text.isascii() or not foldable(text))
        if plain and len(text) <= WINDOW_CHARS:
            return look(text)
        windows = (window for reading in _readings(text) for window in _windows(reading))
        return next(filter(None, map(look, windows)), "")

    def detect_code(text: str) -> str | None:
        return None if inert(text) else look(text)

    return detect_code if profile == CODE else detect


def _turns(lower: str) -> bool:
    # Five tests in a row take half the time of a loop over them.
    return (
        "--" in lower
        or "union" in lower
        or "true" in lower
        or "false" in lower
        or "rototype" in lower
    )


def _make_look(profile: str, library: Library) -> Callable[[str], str]:
    """Return what is asked of one reading: own rules, and but for code libinjection."""
    candidates = compile_rules(profile)
    sqli, xss, is_code = library.sqli, library.xss, profile == CODE

    def look(text: str) -> str:
        lower = text.lower()
        for needs, search, fingerprint in candidates(find_sparks(lower)):
            for need in needs:
                if need in lower:
                    if search(lower):
                        return fingerprint
                    break
        if is_code:
            return ""
        # A lone surrogate cannot come from UTF-8, but a scan must never raise.
        data = text.encode("utf-8", "surrogatepass")
        if (kind := sqli(data)) and not _is_prose(kind, text):
            return "sqli:" + kind
        # Without a tag or an attribute value nothing runs (tests hold libinjection to it).
        return "xss" if ("<" in text or "=" in text or "`" in text) and xss(data) else ""

    return look


def detect_key(key: str, value: object, detect: Detector) -> str | None:
    """Judge the name of a member no schema names, which will become a key in somebody's object."""
    if key in DANGEROUS_KEYS or OPERATOR_KEY.search(key):
        return "rule:nosql-operator" if "$" in key else "rule:prototype"
    if key == "constructor" and isinstance(value, dict) and "prototype" in value:
        return "rule:prototype"
    return detect(key)


def _inert(text: str) -> str | None:
    # `INERT` lets underscores, dots and colons through, which is all that these need.
    if "__proto__" in text or "constructor.prototype" in text:
        return "rule:prototype"
    if ":" in text and text.lower().startswith(_INERT_SCRIPT):
        return "rule:script-url"
    if text.startswith(_INERT_OBJECTS):
        return "rule:object"
    return None


def _is_prose(fingerprint: str, text: str) -> bool:
    """Whether only words made this fingerprint, in a value without anything to break out with.

    `run Go programs as a service` is `nTnkn` and `debian/*: update` is `nc`. Without a quote,
    number, bracket, comment or `union` such a value cannot leave the place it is put in.
    """
    if fingerprint == "nc":
        return True
    return not fingerprint.strip(_WORDS) and _EVIDENCE.search(text) is None


def _readings(text: str) -> Iterator[str]:
    yield text
    if "%" in text and _AGAIN.search(text):
        for _ in range(MAX_MORE_DECODINGS):
            again = unquote(_WIDE_ESCAPE.sub(_wide, text), errors="replace").translate(_PRINTF)
            if again == text:
                break
            yield again
            text = again
    if not text.isascii() and _FOLDABLE.search(text):
        yield text.translate(_FOLD)


def _wide(match: re.Match[str]) -> str:
    return chr(int(match[1], 16))


def _windows(text: str) -> Iterator[str]:
    if len(text) <= WINDOW_CHARS:
        yield text
        return
    for start in range(0, len(text) - OVERLAP_CHARS, WINDOW_CHARS - OVERLAP_CHARS):
        yield text[start : start + WINDOW_CHARS]
