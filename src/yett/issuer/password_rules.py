"""Which passwords are refused: short ones, well-known ones, and those made of what everybody knows.

NIST SP 800-63B s5.1.1.2: length counts, composition rules do not, nothing expires, every character
may be used, and a list of the commonly used is compared. The list is short, since few well-known
passwords are long enough; patterns and words of the context do the rest. Pure; asks nobody outside.
"""

from __future__ import annotations

import re
import unicodedata

MIN_CHARACTERS = 12  # beside a second factor, which is always there (NIST asks for 8)
MAX_CHARACTERS = 256  # an Argon2 call must not become a way to send megabytes
MIN_OWN_CHARACTERS = 5  # what must be left besides well-known words
MIN_WORD_CHARACTERS = 3
MAX_PERIOD = 4
MIN_DISTINCT_CHARACTERS = 5

# What the long entries of public lists of leaked passwords are made of.
_WORDS = """
    password passwort passw0rd p@ssword p@ssw0rd contrasena motdepasse wachtwoord parola senha
    secret letmein welcome admin administrator login master dragon monkey football baseball
    princess sunshine iloveyou superman batman trustno1 shadow michael jessica charlie jordan
    changeme default access hello hallo freedom whatever qwerty qwertz azerty asdfgh zxcvbn qazwsx
    starwars computer internet samsung google facebook january february march april june july
    august september october november december monday friday summer winter spring autumn sommer
    herbst verano invierno correct horse battery staple abc123 123456 123123 111111 000000
"""
COMMON = frozenset(_WORDS.split())
_RUNS = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
)
_LOOKS = str.maketrans("@$!", "asi")
_FILLING = re.compile(r"[\s!-/:-@\[-`{-~]")  # what is put at the end to please a rule
_SPLIT = re.compile(r"[\W_]+")


def normal(password: str) -> str:
    """Return the one spelling of a password: the same keys make the same text on every system."""
    return unicodedata.normalize("NFKC", password)


def flaw(password: str, *context: str) -> str:
    """Return why a password is refused, or nothing.

    Args:
        password: as typed.
        context: what an attacker tries first: login name, e-mail address, name, host.
    """
    text = normal(password)
    if len(text) < MIN_CHARACTERS:
        return f"a password has at least {MIN_CHARACTERS} characters"
    if len(text) > MAX_CHARACTERS:
        return f"a password has at most {MAX_CHARACTERS} characters"
    if any(unicodedata.category(character) in ("Cc", "Cs", "Cn") for character in text):
        return "a password has no control characters"
    folded = text.casefold()
    if len(set(folded)) < MIN_DISTINCT_CHARACTERS or _repeats(folded):
        return "this password repeats itself"
    if _own_characters(folded, context) < MIN_OWN_CHARACTERS:
        return "this password is made of what everybody tries first"
    return ""


def _repeats(text: str) -> bool:
    """Whether it is a few characters over and over."""
    return any(text == (text[:n] * len(text))[: len(text)] for n in range(1, MAX_PERIOD + 1))


def _own_characters(folded: str, context: tuple[str, ...]) -> int:
    """Count what is left without common words, words of the context, runs, and dates."""
    words = COMMON | {
        word
        for text in context
        for word in (text.casefold(), *_SPLIT.split(text.casefold()))
        if len(word) >= MIN_WORD_CHARACTERS
    }
    best = len(folded)
    for spelling in (folded, folded.translate(_LOOKS)):
        rest = spelling
        for word in sorted(words, key=lambda word: (-len(word), word)):
            rest = rest.replace(word, " ")
        rest = re.sub(r"(19|20)\d\d", " ", _without_runs(rest))
        best = min(best, len(_FILLING.sub("", rest)))
    return best


def _without_runs(text: str) -> str:
    """Leave out pieces of four and more characters that stand side by side, either way."""
    for run in _RUNS:
        for way in (run, run[::-1]):
            for size in range(len(way), 3, -1):
                for start in range(len(way) - size + 1):
                    text = text.replace(way[start : start + size], " ")
    return text
