import pytest

from yett.contract.toml_lines import TomlLines

TEXT = '''# comment with [brackets] and = signs
top.dotted = 1

[a]  # [x]
b = "]"
"quo.ted" = 'it''
  # = # '
multi = """
[not.a.table]
x = 1
"""
inline = {x = 1, "y" = [1,
  2, {z = 3}]}

[a.c.d]
e = [
  "x", # ]
  "y",
]
[[list]]
n = 1
[list.sub]
m = 2
[[list]]
n = 3
lit = \'\'\'
x = 1\'\'\'
when = 2026-11-22 10:00:00
'''.replace("'it''", "'it'").replace("\n  # = # '\n", "\n")


@pytest.mark.parametrize(
    ("pointer", "text"),
    [
        (("top", "dotted"), "top.dotted"),
        (("a",), "[a]"),
        (("a", "b"), 'b = "]"'),
        (("a", "quo.ted"), '"quo.ted"'),
        (("a", "multi"), "multi ="),
        (("a", "inline"), "inline ="),
        (("a", "inline", "x"), "inline ="),
        (("a", "inline", "y", "1"), "  2, {z"),
        (("a", "inline", "y", "2", "z"), "  2, {z"),
        (("a", "c"), "[a.c.d]"),
        (("a", "c", "d", "e", "1"), '  "y"'),
        (("list", "0", "n"), "n = 1"),
        (("list", "0", "sub", "m"), "m = 2"),
        (("list", "1"), "[[list]]"),
        (("list", "1", "n"), "n = 3"),
        (("list", "1", "lit"), "lit ="),
        (("list", "1", "when"), "when ="),
    ],
)
def test_lines_of_keys(pointer, text):
    """Tables, arrays of tables, dotted, quoted and inline keys have their own lines."""
    path, line = TomlLines("yett.toml", TEXT).locate(pointer)
    assert path == "yett.toml"
    assert TEXT.split("\n")[line - 1].startswith(text)


def test_the_second_table_of_a_list_has_its_own_line():
    """`[[list]]` twice: the second is further down."""
    lines = TomlLines("yett.toml", TEXT)
    assert lines.locate(("list", "0"))[1] < lines.locate(("list", "1"))[1]


@pytest.mark.parametrize(
    ("pointer", "line"),
    [((), 1), (("nothing",), 1), (("a", "nothing"), 4), (("list", "1", "x"), 24)],
)
def test_what_is_missing_has_the_line_of_its_table(pointer, line):
    """A key that should be there is reported at the table that lacks it."""
    found = TomlLines("yett.toml", TEXT).locate(pointer)[1]
    assert found in (line, line - 2, line - 1)


def test_a_quoted_key_may_hold_escapes():
    """An escaped letter is that letter."""
    assert TomlLines("y", 'x = 1\n"a\\u0062" = 2').locate(("ab",)) == ("y", 2)
