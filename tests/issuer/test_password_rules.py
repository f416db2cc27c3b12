"""Which passwords are refused: by length and by what everybody tries, never by composition."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.issuer.password_rules import MAX_CHARACTERS, MIN_CHARACTERS, flaw, normal

CONTEXT = ("ada", "ada@example.com", "Ada Lovelace", "api.example.com")


@pytest.mark.parametrize(
    "password",
    [
        "kitchen fish lamp",
        "lkwjfnqpzmxa",
        "tr0ub4dor&3 longer",
        "zufällig grüne birnen",
        "снег летит на поле",
        "🐙🦑🦐🦞🦀🐡🐠🐟🐬🐳🐋🦈",
        "nocapitalsnodigits",
        " spaces count too ",
    ],
)
def test_long_and_unusual_is_good(password):
    """No rule asks for capitals, digits or signs, and every script may be used."""
    assert flaw(password, *CONTEXT) == ""


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "P@ssw0rd2024!",
        "p@$$w0rdp@$$w0rd",
        "qwertyuiop12",
        "1q2w3e4r5t6y",
        "zyxwvutsrqpo",
        "iloveyou12345678",
        "correcthorsebatterystaple",
        "Summer2025!!!",
        "administrator1",
    ],
)
def test_what_everybody_tries_is_refused(password):
    """Common words, runs on the keyboard and years are not worth their length."""
    assert flaw(password) == "this password is made of what everybody tries first"


@pytest.mark.parametrize(
    "password", ["adalovelace1234", "ADA@example.com1", "api.example.com!", "lovelace-ada-2024"]
)
def test_words_of_the_context_are_refused(password):
    """Login, address, name and host are what an attacker tries first (NIST SP 800-63B s5.1.1.2)."""
    assert flaw(password, *CONTEXT) == "this password is made of what everybody tries first"


@pytest.mark.parametrize("password", ["a" * 20, "abcabcabcabc", "xyzwxyzwxyzw", "ababbababbab"])
def test_repetition_is_refused(password):
    """A few characters over and over have no length."""
    assert flaw(password) == "this password repeats itself"


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("short", f"a password has at least {MIN_CHARACTERS} characters"),
        ("", f"a password has at least {MIN_CHARACTERS} characters"),
        ("ab cd" * 60, f"a password has at most {MAX_CHARACTERS} characters"),
        ("good enough\x00long", "a password has no control characters"),
        ("good enough\ud800long", "a password has no control characters"),
    ],
)
def test_the_bounds(password, message):
    """Too short, endless, and what no keyboard makes."""
    assert flaw(password) == message


def test_two_spellings_are_one_password():
    """A composed and a decomposed letter are the same keys."""
    assert normal("gru\u0308n") == normal("gr\u00fcn")


@given(st.text(max_size=300), st.text(max_size=50))
def test_every_text_is_judged(password, context):
    """No password breaks the rules, and what passes is within the bounds."""
    if not flaw(password, context):
        assert MIN_CHARACTERS <= len(normal(password)) <= MAX_CHARACTERS
