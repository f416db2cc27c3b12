"""`yett approval verify`: are the votes in the ledger what people have signed?

Needs no running gate and no store of accounts. That no record was changed, added or taken away is
`yett audit verify`. Exit codes: 0 all good, 1 a vote is not, 2 the input is wrong, 3 something
outside failed.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from yett.cli.audit_view import printable
from yett.cli.failing import fail
from yett.cli.folder import chosen_folder, in_folder
from yett.cli.forms import text_or_json
from yett.cli.settings import named_path, read_table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from yett.cli.signed_votes import Checked

DEFAULT_LEDGER = "var/ledger"
DEFAULT_STORE = "sqlite:///var/yett.db"


@click.command("verify")
@click.argument("identifier", metavar="[ID]", default="")
@click.option(
    "--ledger",
    type=click.Path(path_type=Path),
    help="the ledger's folder  [default: `store.ledger` of yett.toml]",
)
@click.option(
    "--url", default="", help="the issuer  [default: `identity.builtin.url` of yett.toml]"
)
@click.option("--signed", is_flag=True, help="a vote that nobody has signed is a failure, too")
@text_or_json("for people or for programs (one JSON object a line)")
@in_folder
@click.pass_context
def verify_command(
    ctx: click.Context,
    /,
    *,
    identifier: str,
    ledger: Path | None,
    url: str,
    signed: bool,
    form: str,
) -> None:
    """Verify the signatures of votes in the ledger again: of one approval, or of all.

    Each must be of this approval, request and decision, made at this issuer's origin by somebody
    who showed finger or PIN. Where the store of accounts is there: by a passkey of the voter.

    Example: yett approval verify 0dbb08204805213623ac0f6716168c96
    """
    from yett.cli.signed_votes import (  # noqa: PLC0415 — loads py_webauthn
        BAD,
        GOOD,
        UNSIGNED,
        check,
        votes_of,
    )

    folder = chosen_folder(ctx, ctx.find_root().obj)
    place = ledger or named_path(folder, "store", "ledger", DEFAULT_LEDGER)
    if not place.is_dir():
        fail(2, f"{place}: there is no ledger", "`yett serve` begins one; `--ledger` names it")
    write = _as_json if form == "json" else _as_line
    found = dict.fromkeys((GOOD, BAD, UNSIGNED), 0)
    url = url or _url(folder)
    with _failures(), _accounts(folder) as tx:
        votes, searches = votes_of(place)
        for record in votes:
            vote = check(record, url, tx)
            if identifier in ("", vote.approval):
                found[vote.result] += 1
                click.echo(write(vote))
    if identifier and not any(found.values()):
        hint = "`yett audit search --kind approval-given` has them"
        fail(2, f"nobody has voted on `{printable(identifier)}`", hint)
    if form == "text":
        click.echo(", ".join(f"{number} {name}" for name, number in found.items()), err=True)
    if any(one.unreadable for one in searches):
        fail(1, "the ledger has lines that are no records", "`yett audit verify` names the first")
    sys.exit(1 if found[BAD] or (signed and found[UNSIGNED]) else 0)


def _url(folder: Path) -> str:
    """Return the issuer that is configured."""
    toml = folder / "yett.toml"
    builtin = read_table(folder, "identity").get("builtin") if toml.exists() else None
    url = builtin.get("url") if isinstance(builtin, dict) else None
    if not isinstance(url, str):
        fail(2, f"{toml}: there is no `identity.builtin.url`", "give it by `--url`")
    return url


@contextlib.contextmanager
def _accounts(folder: Path) -> Iterator[Connection | None]:
    """Open the store of accounts to read, where there is one; None elsewhere."""
    from yett.state.accounts import AccountStore  # noqa: PLC0415 — as above

    toml = folder / "yett.toml"
    url = read_table(folder, "store").get("accounts", DEFAULT_STORE) if toml.exists() else ""
    store = AccountStore(url, folder) if isinstance(url, str) and url else None
    if store is None or (store.path is not None and not store.path.exists()):
        click.echo("there is no store of accounts: whose keys they are is not asked", err=True)
        yield None
        return
    try:
        with store.read() as tx:
            yield tx
    finally:
        store.close()


def _as_json(vote: Checked) -> str:
    return msgspec.json.encode(vote).decode()


def _as_line(vote: Checked) -> str:
    when = datetime.fromtimestamp(vote.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    said = f"{vote.reason}" if vote.reason else f"key {vote.key}" if vote.passkey else "no passkey"
    parts = (str(vote.record), when, vote.result, vote.decision, vote.approval, vote.by, said)
    return "  ".join(map(printable, parts))


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    from yett.records.errors import LedgerError  # noqa: PLC0415 — as above
    from yett.state.errors import StateError  # noqa: PLC0415 — as above

    try:
        yield
    except (LedgerError, StateError) as error:
        fail(3, str(error), error.hint)
    except OSError as error:
        fail(3, f"{error.filename or 'the ledger'}: {(error.strerror or str(error)).lower()}")
