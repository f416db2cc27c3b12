import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.contract.json_lines import JsonLines

TEXT = b"""{
  "a": {"b": [1,
    {"c": "x\\"}],["},
    "d"], "e~/": true},
  "\\u0066": -1.5e3
}
"""


@pytest.mark.parametrize(
    ("pointer", "line"),
    [
        ((), 1),
        (("a",), 2),
        (("a", "b"), 2),
        (("a", "b", "0"), 2),
        (("a", "b", "1"), 3),
        (("a", "b", "1", "c"), 3),
        (("a", "b", "2"), 4),
        (("a", "e~/"), 4),
        (("f",), 5),
        (("a", "b", "9"), 2),
        (("a", "b", "0", "deeper"), 2),
        (("nothing",), 1),
    ],
)
def test_lines_of_values(pointer, line):
    """Each value has the line of its name; what is unknown has that of its ancestor."""
    assert JsonLines("a.json", lambda: TEXT).locate(pointer) == ("a.json", line)


def test_a_text_that_is_gone_has_no_line():
    """When the file has changed since, no line is better than a wrong one."""
    assert JsonLines("a.json", lambda: b"").locate(("a",)) == ("a.json", 0)


KEYS = st.text(alphabet='ab"\\{}[],:\n é', max_size=4)


@given(
    st.recursive(
        st.text(alphabet='"\\{}[]', max_size=3) | st.integers(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=10,
    )
)
def test_every_value_of_a_printed_document_is_found(value):
    """With one member a line, the line of a pointer is the line that json printed it on."""
    text = json.dumps(value, indent=1)
    lines = JsonLines("a", text.encode)
    printed = text.split("\n")

    def check(inner, pointer, after):
        line = lines.locate(pointer)[1]
        assert line >= after
        if pointer and isinstance(inner, (str, int)):
            assert json.dumps(inner) in printed[line - 1]
        members = (
            inner.items()
            if isinstance(inner, dict)
            else enumerate(inner)
            if isinstance(inner, list)
            else ()
        )
        for key, member in members:
            check(member, (*pointer, str(key)), line)

    check(value, (), 1)
