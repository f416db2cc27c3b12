import contextlib
import json
import re

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from yett.contract.errors import ContractError
from yett.contract.yaml_text import read_yaml, resolve


def refused(text):
    with pytest.raises(ContractError) as caught:
        read_yaml(text, "a.yaml")
    (found,) = caught.value.findings
    return found.rule, found.line, found.message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("12:30", "12:30"),
        ("0777", "0777"),
        ("007", "007"),
        ("1_000", "1_000"),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b11", "0b11"),
        ("0", 0),
        ("-12", -12),
        ("+5", 5),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1e999", "1e999"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("2026-11-22", "2026-11-22"),
        ("2001-12-14T24:00:00Z", "2001-12-14T24:00:00Z"),
        ("3.1.0", "3.1.0"),
        ("=", "="),
        ("-", "-"),
        ("18446744073709551616", 18446744073709551616),
        ("9" * 1001, "9" * 1001),
        ("٣", "٣"),
    ],
)
def test_plain_scalars_have_their_json_meaning_or_stay_text(text, value):
    """Only what every YAML reader agrees on is a number, a boolean or null."""
    assert resolve(text) == value if text else resolve("") is None
    assert type(resolve(text)) is type(value)


def test_quoted_scalars_are_text():
    """Quotation marks end the guessing."""
    assert read_yaml("a: '1'\nb: \"true\"\nc: |\n  2\n", "a") == {"a": "1", "b": "true", "c": "2\n"}


def test_keys_are_the_text_as_written():
    """`200:` and `on:` and `null:` are names."""
    assert read_yaml("200: a\non: b\nnull: c\n1.0: d", "a") == {
        "200": "a",
        "on": "b",
        "null": "c",
        "1.0": "d",
    }


def test_aliases_are_copies():
    """Changing one place of a document does not change another."""
    value = read_yaml("a: &x {b: [1]}\nc: *x\nd: [*x, *x]", "a")
    assert value["c"] == value["a"] == value["d"][0]
    value["c"]["b"].append(2)
    assert value["a"] == {"b": [1]}


def test_merge_keys_fill_in_what_is_not_there():
    """`<<` adds, and never replaces; of several, the first wins."""
    text = (
        "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz: {a: 0, <<: [*x, *y]}\nw:\n  <<: *x\n  <<: *y\n"
    )
    value = read_yaml(text, "a")
    assert value["z"] == {"a": 0, "b": 2, "c": 4}
    assert value["w"] == {"a": 1, "b": 2, "c": 4}


BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [" + ",".join([f"*{a}"] * 10) + "]\n"
    for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
LADDER = "a0: &a0 {x: 1}\n" + "".join(f"a{i}: &a{i} {{x: *a{i - 1}}}\n" for i in range(1, 300))


@pytest.mark.parametrize(
    ("text", "rule", "line", "words"),
    [
        ("a:\n\tb: 1", "document-syntax", 2, "tab"),
        ("a: [1, 2\nb: 3", "document-syntax", 2, "not YAML"),
        ("a: b: c", "document-syntax", 1, "mapping values"),
        ("a: 1\na: 2", "document-duplicate-key", 2, "`a` comes twice"),
        ("x: {1: a, '1': b}", "document-duplicate-key", 1, "`1` comes twice"),
        ("a: !!python/object/apply:os.system [x]", "document-yaml", 1, "tag"),
        ("a: !!binary aGk=", "document-yaml", 1, "tag"),
        ("--- a\n--- b", "document-yaml", 0, "more than one document"),
        ("# nothing", "document-yaml", 0, "no document"),
        ("? [a]\n: b", "document-yaml", 1, "cannot be a key"),
        ("? {a: b}\n: c", "document-yaml", 1, "cannot be a key"),
        ("a: &x b\n*x : c", "document-yaml", 2, "alias cannot be a key"),
        ("a: *nope", "document-yaml", 1, "`*nope`"),
        ("a: &a [*a]", "document-yaml", 1, "`*a`"),
        ("a: {<<: 3}", "document-yaml", 1, "merges mappings only"),
        ("a: 'x\x00y'", "document-encoding", 1, "U+0000"),
        ("a: 1\nb: \x07", "document-encoding", 2, "U+0007"),
        ("a: \x85\U0010ff00", "document-encoding", 0, "private-use"),
        (BOMB, "document-bounds", 6, "aliases expand"),
        (LADDER, "document-bounds", 250, "deeper"),
        ("[" * 400, "document-bounds", 1, "deeper"),
        ("[" * 100_000, "document-bounds", 1, "deeper"),
        ("- " * 400 + "x", "document-bounds", 1, "deeper"),
    ],
)
def test_yaml_without_a_json_meaning_is_refused_by_name(text, rule, line, words):
    """Tags, bombs, tabs, duplicates: each has a rule, a line and words."""
    found = refused(text)
    assert found[:2] == (rule, line)
    assert words in found[2]


def test_characters_that_libyaml_refuses_or_folds_survive():
    """C1 controls and Unicode line breaks are text, as they are in JSON."""
    text = 'a: x\x90y\u2028z\nb: "\x85"\n'
    assert read_yaml(text, "a") == {"a": "x\x90y\u2028z", "b": "\x85"}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(exclude_categories=["Cs", "Cc"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("ab-:#? '\"", max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(JSON)
def test_json_is_yaml(value):
    """JSON text read as YAML means the same (YAML 1.2.2 s1.2)."""
    assert read_yaml(json.dumps(value, ensure_ascii=False), "a") == value


class Dumper(yaml.SafeDumper):
    """PyYAML writes YAML 1.1: text that is a number in 1.2 alone, such as `0E0`, is to be quoted."""


Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|0o[0-7]+$|0x[0-9a-fA-F]+$"),
    list("-+.0123456789"),
)


@given(JSON)
@example("0E0")
@example("0o7")
def test_dumped_values_come_back(value):
    """What PyYAML writes for a JSON value is read as that value."""
    assert read_yaml(yaml.dump(value, Dumper=Dumper, allow_unicode=True), "a") == value


@given(st.text(alphabet="a:-[]{}&*!|>'\"\n\t #,<", max_size=40))
def test_no_text_raises_anything_else(text):
    """A parser fed with noise answers a value or a ContractError."""
    with contextlib.suppress(ContractError):
        read_yaml(text, "a.yaml")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a:\n\tb: 1\n", "indent with spaces"),
        ("a: b: c\n", "holds `: ` in quotes"),
        ("actions: []\n  - a: 1\n", "is a `[]` left?"),
        ("a: {url: https://{host}/b}\n", "holds `{`"),
        ("a: @b\n", "begins with `@`"),
    ],
)
def test_the_commonest_slips_of_yaml_have_a_next_step(text, hint):
    """The parser says what it met; the hint says what to write."""
    with pytest.raises(ContractError) as caught:
        read_yaml(text, "o.yaml")
    assert hint in caught.value.findings[0].hint
