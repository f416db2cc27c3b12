"""HTML: whatever is put in is escaped."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.issuer.pages.html import Html, el, join


class Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.texts, self.attributes = [], [], {}

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.update(attrs)

    def handle_data(self, data):
        self.texts.append(data)


def test_elements_nest_and_text_is_escaped():
    """Elements stand as they are, text does not."""
    made = el("p", "a < b & ", el("b", '"c"'), class_="x", data_options="{}", hidden=True)
    assert made == '<p class="x" data-options="{}" hidden>a &lt; b &amp; <b>&quot;c&quot;</b></p>'
    assert el("input", name="q", disabled=False, value=None) == '<input name="q">'
    assert isinstance(join("a", made), Html)


@given(st.text(), st.text())
def test_nobody_gets_out_of_text_or_attribute(text, value):
    """A parser sees one element and exactly the text and value that were given."""
    reader = Reader()
    reader.feed(el("p", text, title=value))
    reader.close()
    assert reader.tags == ["p"]
    plain = "".join(reader.texts)
    assert plain.replace("\r\n", "\n") == text.replace("\r\n", "\n")
    assert reader.attributes["title"] == value


def test_joined_text_is_escaped_once():
    """Adding two pieces of HTML by hand loses the mark, which escapes twice, never zero times."""
    assert join(el("b", "x") + el("b", "y")) == "&lt;b&gt;x&lt;/b&gt;&lt;b&gt;y&lt;/b&gt;"


@pytest.mark.parametrize("bad", ["onclick", "on_click"])
def test_handlers_cannot_be_written(bad):
    """No attribute runs script."""
    with pytest.raises(AssertionError):
        el("p", **{bad: "x"})
