"""String literals and names as Cedar's grammar takes them: the one place that writes either.

Any text stays inside its literal (CWE-94), and what a terminal or a log would act on is escaped, so
that a rule cannot forge a line of output (CWE-117, CWE-1007). Cedar reference, "Grammar".
"""

from __future__ import annotations

import re

from yett.contract.cedar_names import RESERVED

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}


def cedar_string(text: str) -> str:
    """Write a text as a string literal."""
    return f'"{escape(text)}"'


def escape(text: str) -> str:
    """Write what stands between the quotes of a literal."""
    # `isprintable` is false of controls, format characters (bidi), and every blank but the space.
    return "".join(
        _ESCAPES.get(c) or (c if c.isprintable() else f"\\u{{{ord(c):x}}}") for c in text
    )


def is_bare(name: str) -> bool:
    """Whether a name needs no quotes."""
    return _IDENTIFIER.match(name) is not None and name not in RESERVED


def bare_or_quoted(name: str) -> str:
    """Write the name of an attribute where it is declared."""
    return name if is_bare(name) else cedar_string(name)
