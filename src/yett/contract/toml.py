"""Read `yett.toml`: every mistake with its line, the form that was expected and a next step.

Text goes in, a `Config` comes out, or all mistakes at once. TOML 1.0.0 by `tomllib`; the shape is
`contract.config`, the sense of the values `contract.config_checks`.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

import msgspec

from yett.contract.config import Config
from yett.contract.config_checks import check
from yett.contract.fitting import misfits
from yett.contract.places import Source
from yett.contract.report import Report, refuse
from yett.contract.rules import (
    CONFIG_MISSING_KEY,
    CONFIG_SYNTAX,
    CONFIG_UNKNOWN_KEY,
    CONFIG_VALUE,
)
from yett.contract.toml_lines import TomlLines

if TYPE_CHECKING:
    from yett.contract.fitting import Misfit

_RULES = {
    "unknown": CONFIG_UNKNOWN_KEY,
    "missing": CONFIG_MISSING_KEY,
    "value": CONFIG_VALUE,
}
_SYNTAX_HINTS = (
    ("Invalid value", 'text stands in quotes: mode = "observe"'),
    ("twice", "a table is written once: put its keys together"),
    ("Cannot overwrite a value", "a key is written once: remove one of the two"),
    ("Expected '=' after a key", "a setting is written `name = value`"),
    ("Illegal character", "a string in double quotes ends on its line"),
)
_AT_LINE = re.compile(r"(.*?) \(at line (\d+), column \d+\)\Z", re.DOTALL)


def read_config(data: bytes, path: str, report: Report) -> tuple[Config, Source]:
    """Parse and check `yett.toml`.

    Args:
        data: the file's bytes, UTF-8.
        path: the file as the user named it, for findings.
        report: takes warnings; with an error in it the reading ends.

    Returns:
        The settings, and the source whose `within(("gateway", "listen"))` has the setting's line.

    Raises:
        ContractError: with every mistake of the file.
    """
    text = _decode(data, path)
    value = _parse(text, path)
    source = Source(path, locator=TomlLines(path, text))
    for misfit in misfits(value, Config):
        _add(misfit, source, report)
    report.refuse()
    config = msgspec.convert(value, Config)
    check(config, source, report)
    report.refuse()
    return config, source


def _decode(data: bytes, path: str) -> str:
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        refuse(CONFIG_SYNTAX, "not UTF-8 text", path, line, hint="save the file as UTF-8")


def _parse(text: str, path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = _AT_LINE.match(str(error))
        message, line = (match[1], int(match[2])) if match else (str(error), _last_line(text))
        message = message.removesuffix(" (at end of document)")
        words = f"not TOML: {message[:1].lower()}{message[1:]}"
        refuse(CONFIG_SYNTAX, words, path, line, hint=_syntax_hint(message))
    except (RecursionError, ValueError):
        refuse(CONFIG_SYNTAX, "not TOML: nested too deeply or a number is too long", path)


def _syntax_hint(message: str) -> str:
    """Say what tomllib's words for the commonest mistakes come from."""
    for words, hint in _SYNTAX_HINTS:
        if words in message:
            return hint
    return ""


def _last_line(text: str) -> int:
    return text.rstrip().count("\n") + 1


def _add(misfit: Misfit, source: Source, report: Report) -> None:
    *table, key = misfit.pointer or ("",)
    place = ".".join(table)
    message = f"in `[{place}]`, {misfit.message}" if place else misfit.message
    if misfit.kind == "value":
        message = f"`{'.'.join(misfit.pointer)}`: {misfit.message}" if key else misfit.message
    rule = _RULES[misfit.kind]
    report.add(rule, message, source.within(misfit.pointer), hint=misfit.hint)
