"""Which patterns hold a string: only those that plainly leave no room."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yett.policy.injection.narrow import PAYLOAD, is_narrow


@pytest.mark.parametrize(
    "pattern",
    [
        "^[a-z]+$",
        "^[A-Za-z0-9_-]{1,64}$",
        r"^\d{4}-\d{2}$",
        r"^\+?[0-9 ()-]{5,20}$",
        r"^[\w.+-]+@[\w-]+\.[\w.]+$",
        "^(red|green|blue)$",
        "^bk_[0-9a-f]{16}$",
        r"^\w[\w ]*$",
        "^$",
        "^[a-zA-Z0-9]$",
        r"^[\-a-z]+$",
        r"^[a-z.]+\.pdf$",
    ],
)
def test_narrow(pattern):
    """Anchored and made of harmless characters."""
    assert is_narrow(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "[a-z]+",
        "^[a-z]+",
        "[a-z]+$",
        r"^a\$",
        "^.*$",
        "^.{1,100}$",
        r"^\S+$",
        r"^\D+$",
        r"^\W$",
        "^[^<>]+$",
        "^[ -~]+$",
        "^[!-z]+$",
        "^[a-z']+$",
        '^"[a-z]+"$',
        "^a|b$",
        "^[a-z]+$|^.*$",
        r"^\x27+$",
        r"^\u0027$",
        r"^[\x00-\x7f]+$",
        r"^\p{L}+$",
        "^(?=.*x)[a-z]+$",
        "^(?<!x)[a-z]+$",
        r"^[\W]+$",
        "^[a-z<]+$",
        r"^[a-z\\]+$",
        "^[[:alpha:]'=]+$",
        "^a=b$",
        r"^\s\S$",
        r"^[\w\s]+$",
    ],
)
def test_not_narrow(pattern):
    """Open at an end, or able to match something an attack needs, or not understood."""
    assert not is_narrow(pattern)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of `re`, on patterns it finds odd
@given(st.text(alphabet="^$[]()|\\.-+*?{},:dwsWSDaz09'<=\" ", max_size=14).map(lambda s: f"^{s}$"))
@settings(max_examples=1500, deadline=None)
def test_narrow_patterns_match_no_payload(pattern):
    """Whatever is called narrow matches none of the dangerous characters, alone or amid others."""
    if not is_narrow(pattern):
        return
    try:
        compiled = re.compile(pattern)
    except re.error:
        return
    for char in PAYLOAD:
        for text in (char, f"a{char}", f"{char}a", f"a{char}9", f"az{char}{char}09"):
            if text.rstrip("\n") == text:  # Python's `$` allows one line break
                assert not compiled.fullmatch(text), (pattern, text)
