"""HTML as values: an element escapes what is put into it, unless that is HTML already.

So that forgetting to escape is not possible (CWE-79). There are no raw strings, no comments, and no
event handler attributes; see WHATWG HTML s13.1.
"""

from __future__ import annotations

from html import escape
from typing import Final

_VOID: Final = frozenset({"br", "hr", "img", "input", "link", "meta"})
Value = str | int | bool | None


class Html(str):
    """Text that is HTML. Only `el` and `join` make it."""

    __slots__ = ()


def el(tag: str, /, *children: str, **attributes: Value) -> Html:
    """Make an element.

    Args:
        tag: the element's name, never somebody's text.
        children: text, which is escaped, or `Html`.
        attributes: escaped; `class_` and `for_` lose the underscore, others turn `_` into `-`;
            `True` is an attribute without a value, `False` and `None` are none.
    """
    assert tag.isalnum(), tag
    opened = "<" + tag + "".join(_attribute(*pair) for pair in attributes.items()) + ">"
    if tag in _VOID:
        return Html(opened)
    return Html(opened + join(*children) + f"</{tag}>")


def join(*parts: str) -> Html:
    """Put parts after one another."""
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in parts))


def _attribute(name: str, value: Value) -> str:
    written = name.removesuffix("_").replace("_", "-")
    assert not written.startswith("on"), written  # the policy of the pages forbids handlers
    if value is None or value is False:
        return ""
    if value is True:
        return f" {written}"
    return f' {written}="{escape(str(value))}"'
