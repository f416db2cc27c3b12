"""Forms: labelled fields, buttons that say what they do, hidden values.

Every form is a POST to this issuer; that no other site sends it is `Route.form` (Fetch Metadata and
`Origin`, CWE-352), so there is no token in it.
"""

from __future__ import annotations

from yett.issuer.pages.html import Html, Value, el
from yett.issuer.server import Server


def form(server: Server, path: str, *children: str, **attributes: Value) -> Html:
    """Make a form that is sent to one of our paths, such as `/sign-out`."""
    return el("form", *children, method="post", action=server.base + path, **attributes)


def hidden(name: str, value: str) -> Html:
    """Make a value that is sent along."""
    return el("input", type="hidden", name=name, value=value)


def field(
    label: str,
    name: str,
    *,
    kind: str = "text",
    value: str = "",
    autocomplete: str = "off",
    hint: str = "",
    **attributes: Value,
) -> Html:
    """Make a field with its label.

    Args:
        label: what it is for.
        name: as it is sent; unique on its page.
        kind: `text`, `password`, `email` ...
        value: what stands in it.
        autocomplete: as browsers and password managers know it: `username`, `one-time-code` ...
        hint: one line below the label.
        attributes: further ones, such as `required=True`, `maxlength=64`, `inputmode="numeric"`.
    """
    about = f"{name}-hint"
    explained = [el("small", hint, id=about)] if hint else []
    entry = el(
        "input",
        id=name,
        name=name,
        type=kind,
        value=value or None,
        autocomplete=autocomplete,
        aria_describedby=about if hint else None,
        **attributes,
    )
    return el("p", el("label", label, for_=name), *explained, entry)


def button(label: str, *, quiet: bool = False, **attributes: Value) -> Html:
    """Make the button that sends a form; a quiet one is not the main thing on its page."""
    return el("button", label, type="submit", class_="quiet" if quiet else None, **attributes)
