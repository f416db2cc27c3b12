"""The option `-C DIR`, before and behind a command: `yett -C DIR check`, `yett check -C DIR`.

Behind is where most people write it. The nearest to the end counts.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

_CHOSEN = "yett.cli.folder"


def _choose(ctx: click.Context, param: click.Parameter, value: Path | None) -> None:
    del param
    if value is None:
        return
    ctx.meta[_CHOSEN] = value  # one dictionary for a command and everything above it
    if not callable(ctx.obj):  # below `audit` and `key` it is how they find their file
        ctx.obj = value


in_folder = click.option(
    "-C",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    expose_value=False,
    callback=_choose,
    help="the contract folder  [default: .]",
)


def folder_later(ctx: click.Context) -> Callable[[], Path]:
    """Return what finds the folder once a command needs it, so that `--help` works anywhere."""
    given = ctx.obj
    return lambda: chosen_folder(ctx, given)


def chosen_folder(ctx: click.Context, given: Any) -> Path:
    """Return the folder chosen behind a command's name, else the one before it, else `.`."""
    found = ctx.meta.get(_CHOSEN, given)
    return found if isinstance(found, Path) else Path(found) if isinstance(found, str) else Path()
