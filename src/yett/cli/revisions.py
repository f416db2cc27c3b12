"""A contract folder out of git: `REV` of the `-C` folder, `REV:PATH` of any folder.

`git archive` writes the tree into a temporary folder; nothing is checked out, no hook runs.
"""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click

MAX_ARCHIVE_BYTES = 256 << 20


@contextmanager
def contract_folder(named: str, beside: Path) -> Iterator[Path]:
    """Give the folder that an argument means.

    Args:
        named: a folder, a revision, or `REVISION:PATH` from the top of the repository.
        beside: the `-C` folder: whose repository is asked, and whose contract a revision means.

    Raises:
        click.UsageError: it is neither.
    """
    if Path(named).is_dir():
        yield Path(named)
        return
    revision, _, path = named.partition(":")
    if not path:
        path = _git(beside, "rev-parse", "--show-prefix", said=named).decode().strip()
    with TemporaryDirectory(prefix="yett-diff-") as place:
        _extract(_archive(beside, revision, path, named), Path(place))
        yield Path(place)


def _archive(beside: Path, revision: str, path: str, named: str) -> bytes:
    if revision.startswith("-"):  # it would be an option of git (CWE-88)
        raise _neither(named)
    top = _git(beside, "rev-parse", "--show-toplevel", said=named).decode().strip()
    tree = _git(
        Path(top), "rev-parse", "--verify", "--end-of-options", f"{revision}:{path}", said=named
    )
    return _git(Path(top), "archive", "--format=tar", tree.decode().strip(), said=named)


def _extract(archive: bytes, place: Path) -> None:
    if len(archive) > MAX_ARCHIVE_BYTES:
        raise click.UsageError(f"the revision holds more than {MAX_ARCHIVE_BYTES >> 20} MiB")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(place, filter="data")  # no link or path leads out of it (CVE-2007-4559)


def _git(folder: Path, *arguments: str, said: str) -> bytes:
    command = ["git", "-C", str(folder), *arguments]
    # The variables of a hook would lead git to another repository than the folder's.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(command, capture_output=True, check=False, env=kept)  # noqa: S603 — a list of our own, no shell
    except FileNotFoundError:
        raise _neither(said) from None
    if done.returncode:
        raise _neither(said)
    return done.stdout


class NoContractThere(click.UsageError):
    """Nothing of that name can be compared; with what to look at first."""

    hint = (
        "a folder, or a revision of the repository that `-C` is in, such as `main` or "
        "`HEAD~1:contract`; in CI fetch it first (`git fetch origin main:main`)"
    )


def _neither(named: str) -> click.UsageError:
    return NoContractThere(f"'{named}' is neither a folder nor a revision with a contract")
