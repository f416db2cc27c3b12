import pytest

from yett.contract.yaml_lines import YamlLines

TEXT = """# comment
a:
  b: &x
    - 1
    - c: {d: e,
          f: g}
  h: *x
200:
  - - i
"""


@pytest.mark.parametrize(
    ("pointer", "line"),
    [
        ((), 2),
        (("a",), 2),
        (("a", "b"), 3),
        (("a", "b", "0"), 4),
        (("a", "b", "1", "c"), 5),
        (("a", "b", "1", "c", "f"), 6),
        (("a", "h"), 7),
        (("a", "h", "0"), 7),
        (("200",), 8),
        (("200", "0", "0"), 9),
        (("x", "y"), 2),
    ],
)
def test_lines_of_values(pointer, line):
    """Each value has the line of its name; what came through an alias has the alias's line."""
    assert YamlLines("a.yaml", lambda: TEXT).locate(pointer) == ("a.yaml", line)


def test_a_text_that_is_gone_has_no_line():
    """When the file has changed since, no line is better than a wrong one."""
    assert YamlLines("a.yaml", lambda: "").locate(("a",)) == ("a.yaml", 0)
