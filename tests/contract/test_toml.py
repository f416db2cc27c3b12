import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.contract.config import Config
from yett.contract.errors import ContractError
from yett.contract.report import Report
from yett.contract.toml import read_config

API = '[api.shop]\nopenapi = "o.json"\nupstream = "http://h"\n'


def read(text):
    return read_config(text.encode() if isinstance(text, str) else text, "yett.toml", Report())


def refused(text):
    with pytest.raises(ContractError) as caught:
        read(text)
    return [(f.line, f.rule, f.message, f.hint) for f in caught.value.findings]


def test_a_small_file_is_enough():
    """One api is a configuration; everything else has a safe default."""
    config, source = read(API)
    assert isinstance(config, Config)
    assert config.gateway.mode == "enforce"
    assert source.within(("api", "shop", "upstream")).line == 3


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("mode = observe", "text stands in quotes"),
        ("[gateway]\n[gateway]", "a table is written once"),
        ("[gateway]\nmode = 1\nmode = 2", "a key is written once"),
        ("[gateway]\nmode", "a setting is written `name = value`"),
        ('[gateway]\nmode = "a\nb"', "ends on its line"),
    ],
)
def test_the_commonest_slips_have_a_next_step(text, hint):
    """The parser says what it met; the hint says what to write."""
    assert hint in refused(text)[0][3]


def test_all_mistakes_are_reported_with_their_lines():
    """Unknown keys, wrong types and missing keys come in one report."""
    found = refused(API + "\n[gateway]\nlistn = 'x'\nmax_body = 0\nmode = 3\ntls = {cert = 'c'}\n")
    assert [(line, rule) for line, rule, *_ in found] == [
        (6, "config-unknown-key"),
        (7, "config-value"),
        (8, "config-value"),
        (9, "config-missing-key"),
    ]
    assert found[0][3] == "did you mean `listen`?"
    assert found[1][2] == "`gateway.max_body`: `0` is not an integer from 1 to 1073741824"
    assert found[2][2] == "`gateway.mode`: `3` is not one of `off`, `observe`, `enforce`"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[api\n", 1, "not TOML"),
        ("a = 1\na = 2\n", 2, "not TOML: cannot overwrite a value"),
        ("x = \n", 1, "not TOML: invalid value"),
        ("\n\nx = 'abc\n", 3, "not TOML"),
        (b"a = '\xff'", 1, "not UTF-8"),
        ("[gateway]\nlisten = [", 2, "not TOML"),
        ("x = " + "[" * 5000, 0, "nested too deeply"),
    ],
)
def test_text_that_is_not_toml_is_named(text, line, words):
    """A syntax error has a line and one rule."""
    ((at, rule, message, _),) = refused(text)
    assert rule == "config-syntax"
    assert at == line
    assert words in message


def test_a_byte_order_mark_and_carriage_returns_are_taken():
    """Editors of other systems write them."""
    assert (
        read(b"\xef\xbb\xbf" + API.replace("\n", "\r\n").encode())[0].api["shop"].openapi
        == "o.json"
    )


def test_a_date_is_no_string():
    """TOML's dates have no place in yett.toml and are named, not converted."""
    assert refused(API + "[gateway]\nlisten = 2026-11-22\n")[0][:2] == (5, "config-value")


@given(st.text(alphabet="[]{}=\".'a#\n, 1", max_size=40))
def test_no_text_raises_anything_else(text):
    """A reader fed with noise answers or raises ContractError, whose lines can be asked for."""
    try:
        read(text)
    except ContractError as error:
        assert all(f.line >= 0 for f in error.findings)  # noqa: PT017
