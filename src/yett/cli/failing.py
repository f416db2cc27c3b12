"""How a command ends that cannot do what it was asked: what is wrong, a next step, an exit code."""

from __future__ import annotations

import sys
from typing import NoReturn

import click


def fail(code: int, message: str, hint: str = "") -> NoReturn:
    """Say what is wrong and leave.

    Args:
        code: 1 what was looked at is not in order, 2 the input is wrong, 3 it failed outside.
        message: one line; what others wrote in it was made printable.
        hint: the next step.
    """
    click.echo(message, err=True)
    if hint:
        click.echo(f"hint: {hint}", err=True)
    sys.exit(code)
