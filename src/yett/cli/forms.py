"""The option `--format text|json` of commands that show things; findings have SARIF besides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click


def text_or_json(says: str) -> Callable[[Any], Any]:
    """Make the option, given to the command as `form`; `says` is its help."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help=says,
    )
