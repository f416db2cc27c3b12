"""The table of own rules: each row finds its own attacks and is well-formed."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.policy.injection.detect import INERT
from yett.policy.injection.rules import (
    _MORE,
    ALL_SPARKS,
    LONG_CHARS,
    PROFILES,
    RULES,
    SPARKS,
    compile_rules,
    find_sparks,
    make_search,
)


def test_rules_name_their_attacks(detectors, corpora):
    """Each value of the corpus is found, by the rule that is named beside it."""
    wrong = []
    for line in corpora("other"):
        rule, _, value = line.partition("|")
        found = detectors["plain"](value)
        if not found or (rule != "*" and found != f"rule:{rule}"):
            wrong.append((rule, value, found))
    assert wrong == []


def test_every_rule_has_an_attack_in_the_corpus(detectors, corpora):
    """No row is there for nothing."""
    values = corpora("sqli") + corpora("xss")
    values += [line.partition("|")[2] for line in corpora("other")]
    found = {detectors["plain"](value) for value in values}
    assert {f"rule:{rule.id}" for rule in RULES} - found <= {
        "rule:php-wrapper",
        "rule:server-include",
    }


def test_ids_are_unique():
    """A fingerprint names one row."""
    assert len({rule.id for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rows_are_well_formed(rule):
    """Needs are lower-case like the text they are looked for in; profiles are known ones."""
    assert rule.needs == tuple(need.lower() for need in rule.needs)
    assert rule.profiles <= set(PROFILES)
    assert rule.weakness > 0
    # An upper-case letter in a pattern is a class or an anchor; a literal one would never match.
    assert re.findall(r"(?<!\\)[A-Z]", rule.pattern) == []


def test_sparks_lose_nothing(corpora):
    """What the sparks of a value turn away, no rule would have found."""
    candidates = compile_rules("plain")
    everything = candidates(frozenset("".join(rule.sparks for rule in RULES)) | {"0", "rototype"})
    assert len(everything) == len(RULES)
    for name in ("sqli", "xss", "other"):
        for value in corpora(name):
            text = value.partition("|")[2] if name == "other" else value
            lower = text.lower()
            if INERT.fullmatch(text) or not any(search(lower) for _, search, _ in everything):
                continue
            chosen = candidates(find_sparks(lower))
            assert any(search(lower) for _, search, _ in chosen), value


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_sparks_are_characters_that_are_looked_for(rule):
    """A spark that the one pass does not find would silence its rule."""
    assert ALL_SPARKS.issuperset(rule.sparks)
    assert rule.sparks or rule.id == "sql-number"


@given(st.text(max_size=3 * LONG_CHARS), st.text(st.sampled_from("".join(ALL_SPARKS) + "a ")))
def test_long_values_have_the_same_sparks(text, more):
    """Both ways to find them agree, whatever the characters: also without their bracket."""
    lower = (text + more).lower()
    wanted = set(SPARKS.findall(lower)) - {"("}
    assert ALL_SPARKS & set(lower) - {"("} == wanted
    for padded in (lower, lower + "a" * LONG_CHARS):
        assert ALL_SPARKS & find_sparks(padded) - {"("} == wanted


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.first], ids=lambda rule: rule.id)
def test_what_is_looked_for_first_is_in_every_match(rule, corpora):
    """A rule that looks for a part of itself first finds what it finds without."""
    plain, quick = re.compile(rule.pattern, re.ASCII).search, make_search(rule)
    words = [word for word in re.findall("[a-z]+", rule.pattern) if len(word) > 2]
    random = Random(8)
    bits = ["';", "1; ", ") ;\t", "; ", "'", "1", "* ", "(", "--", "\n", *(f"{w} " for w in words)]
    made = ["".join(random.choices(bits, k=random.randint(2, 6))) for _ in range(20_000)]
    found = 0
    for text in (*made, *(value.lower() for value in corpora("sqli"))):
        found += plain(text) is not None
        assert bool(quick(text)) == (plain(text) is not None), text
    assert found > 50


def test_a_command_after_any_separator():
    """A bracket counts with its dollar alone; all else by itself."""
    search = next(make_search(rule) for rule in RULES if rule.id == "command")
    for before in (";", "|", "&", "`", "\n", "$(", "x$(", ";("):
        assert bool(search(f"{before} whoami")) == (before != ";("), before
    assert not search("(whoami")
    assert not search("$ (whoami")


def test_the_page_lists_every_rule():
    """docs/reference/injection.md draws its table from this one."""
    page = Path(__file__).parents[3] / "docs/reference/injection.md"
    listed = re.findall(
        r"^\| `([\w-]+)` \| (\d+) \|", page.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert dict(listed) == {rule.id: str(rule.weakness) for rule in RULES} | {
        "too-much-text": "770"
    }


def matches(rules, text):
    return [f for needs, search, f in rules if any(map(text.__contains__, needs)) and search(text)]


@pytest.mark.parametrize("profile", PROFILES)
def test_leaving_out_needs_that_cannot_occur_loses_no_match(profile):
    """Whatever a value holds, the needs that are left lead to the same rules as all of them."""
    table = [
        (
            set(rule.sparks) | _MORE.get(rule.id, set()),
            (rule.needs, re.compile(rule.pattern, re.ASCII).search, f"rule:{rule.id}"),
        )
        for rule in RULES
        if profile in rule.profiles
    ]
    candidates = compile_rules(profile)
    random = Random(7)
    bits = [*"(){}[]<>$%;|&`\\:/#='\"_+*-. \n\r0123abc", "(|", "()", "$(", "../", " (", "union"]
    bits += ["select", "__proto__", "prototype", "return", "this.", "or", "1=1", "--", "/*", "*)"]
    for _ in range(20_000):
        text = "".join(random.choices(bits, k=random.randint(1, 14)))
        found = find_sparks(text)
        every = [rule for sparks, rule in table if sparks & found]
        assert matches(candidates(found), text) == matches(every, text)
