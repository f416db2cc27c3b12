"""`yett key`: make, list, rotate and revoke API keys in the file that `[identity] keys` names.

A key is printed once, on standard output, and never again: the file holds its digest. A running
gate reads the file again within a second. Exit codes: 0 fine, 2 the input is wrong, 3 something
outside failed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import IO, Any

import click
import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from yett.cli.failing import fail
from yett.cli.folder import folder_later, in_folder
from yett.cli.forms import text_or_json
from yett.cli.key_place import Place, explained, find_place, known, last_used
from yett.credentials.api_key import KeyRecord
from yett.state.key_file import Records, change, load_records, make_key
from yett.wire.certificate import thumbprint

DAY_SECONDS = 86_400
DEFAULT_DAYS = 90
MAX_DAYS = 366
DEFAULT_OVERLAP_DAYS = 7

form_option = text_or_json("for people or for programs")
days_option = click.option(
    "--days",
    type=click.IntRange(1, MAX_DAYS),
    default=DEFAULT_DAYS,
    show_default=True,
    help="how long it is good",
)


Find = Callable[[], Place]


@click.group("key")
@in_folder
@click.pass_context
def key(ctx: click.Context) -> None:
    """Make, list, rotate and revoke API keys.

    Example: yett key issue --owner ana@example.com --scope bookings:read
    """
    folder = folder_later(ctx)
    ctx.obj = lambda: find_place(folder())


@key.command("issue")
@click.option("--owner", required=True, help="the person or service it acts for")
@click.option("--scope", "scopes", multiple=True, help="a scope it carries; may be repeated")
@click.option("--role", "roles", multiple=True, help="a role it carries; may be repeated")
@click.option("--tenant", default="", help="the tenant it belongs to")
@click.option("--network", "networks", multiple=True, help="a CIDR it may come from; repeatable")
@click.option(
    "--certificate",
    "pem",
    type=click.File("rb"),
    help="a client certificate (PEM) that must come with it",
)
@click.option("--env", default="live", show_default=True, help="second part of the key")
@click.option("--kind", default="key", show_default=True, help="third part of the key")
@click.option(
    "--start-in",
    type=click.IntRange(0, MAX_DAYS),
    default=0,
    show_default=True,
    help="days to wait until it is good",
)
@click.option("--note", default="", help="what it is for")
@days_option
@form_option
@in_folder
@click.pass_obj
def issue_command(
    find: Find, /, days: int, start_in: int, form: str, pem: IO[bytes] | None, **settings: Any
) -> None:
    """Make a key and print it once.

    Example: yett key issue --owner ana@example.com --scope bookings:read --days 30
    """
    with explained():
        place = find()
        known(settings["scopes"], place.scopes, "scope")
        known(settings["roles"], place.roles, "role")
        now = int(time.time())
        start = now + start_in * DAY_SECONDS
        draft = KeyRecord(
            id="",
            digest="",
            created=now,
            not_before=start if start_in else 0,
            expires=start + days * DAY_SECONDS,
            certificate="" if pem is None else thumbprint_of(pem.read()),
            **settings,
        )
        text, record = make_key(draft)
        change(place.path, lambda records: (*records, record))
    hand_over(text, record, form)


@key.command("rotate")
@click.argument("identifier", metavar="ID")
@click.option(
    "--overlap",
    type=click.IntRange(0, MAX_DAYS),
    default=DEFAULT_OVERLAP_DAYS,
    show_default=True,
    help="days for which the old key stays good",
)
@days_option
@form_option
@in_folder
@click.pass_obj
def rotate_command(find: Find, identifier: str, overlap: int, days: int, form: str) -> None:
    """Make a successor with the same grants; both are good during the overlap.

    Example: yett key rotate Ab3dEf9h --overlap 7
    """
    with explained():
        path, now = find().path, int(time.time())
        old = find_record(load_records(path), identifier)
        draft = msgspec.structs.replace(
            old, created=now, not_before=0, expires=now + days * DAY_SECONDS, replaces=old.id
        )
        text, record = make_key(draft)
        end = now + overlap * DAY_SECONDS

        def succeed(records: Records) -> Records:
            current = find_record(records, identifier)
            if current.revoked:  # meanwhile, by another command
                fail(2, f"key `{identifier}` is revoked", "`yett key issue` makes a new one")
            ending = msgspec.structs.replace(current, expires=min(current.expires, end))
            return (*replaced(records, ending), record)

        change(path, succeed)
    hand_over(text, record, form)


@key.command("revoke")
@click.argument("identifier", metavar="ID")
@in_folder
@click.pass_obj
def revoke_command(find: Find, identifier: str) -> None:
    """Refuse a key from now on; its record stays.

    Example: yett key revoke Ab3dEf9h
    """
    with explained():

        def end(records: Records) -> Records:
            record = find_record(records, identifier)
            gone = msgspec.structs.replace(record, revoked=record.revoked or time.time())
            return replaced(records, gone)

        change(find().path, end)
    click.echo(f"key {identifier} is revoked", err=True)


@key.command("list")
@form_option
@in_folder
@click.pass_obj
def list_command(find: Find, form: str) -> None:
    """List the keys: who owns them, what they may do, until when, and when they were last used.

    Uses are written down by a running gate, where there is a store of accounts.

    Example: yett key list --format json
    """
    with explained():
        place = find()
        records = load_records(place.path)
        uses = last_used(place.folder, tuple(record.id for record in records))
    now = time.time()
    if form == "json":
        told = [{**shown(one, now), "used": uses.get(one.id)} for one in records]
        click.echo(json.dumps(told, indent=1))
        return
    for record in records:
        grants = " ".join((*record.scopes, *record.roles)) or "-"
        used = f"used {_day(uses[record.id])}" if record.id in uses else "not used"
        click.echo(
            f"{record.id}  {state(record, now):8} until {_day(record.expires)}  {used:15}  "
            f"{record.owner}  {grants}"
        )


def _day(moment: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(moment))


def find_record(records: Records, identifier: str) -> KeyRecord:
    """Find a record by its id."""
    found = next((record for record in records if record.id == identifier), None)
    if found is None:
        fail(2, f"there is no key `{identifier}`", "`yett key list` shows them")
    return found


def thumbprint_of(pem: bytes) -> str:
    """Return the `x5t#S256` of the one certificate in a PEM file."""
    try:
        found = x509.load_pem_x509_certificates(pem)
    except ValueError:
        found = []
    if len(found) != 1:
        fail(2, "the file of `--certificate` is not one certificate in PEM", "leave out its chain")
    return thumbprint(found[0].public_bytes(Encoding.DER))


def replaced(records: Records, changed: KeyRecord) -> Records:
    """Put a changed record in the place of its old version."""
    return tuple(changed if record.id == changed.id else record for record in records)


def state(record: KeyRecord, now: float) -> str:
    """Say in one word whether a key is good."""
    if record.revoked:
        return "revoked"
    if now >= record.expires:
        return "expired"
    return "waiting" if now < record.not_before else "good"


def shown(record: KeyRecord, now: float) -> dict[str, Any]:
    """Show a record without its digest."""
    fields: dict[str, Any] = msgspec.to_builtins(record)
    del fields["digest"]
    return {**fields, "state": state(record, now)}


def hand_over(text: str, record: KeyRecord, form: str) -> None:
    """Print a fresh key once; what is not secret goes to standard error, so pipes get the key."""
    if form == "json":
        click.echo(json.dumps({**shown(record, time.time()), "key": text}, indent=1))
        return
    until = time.strftime("%Y-%m-%d", time.gmtime(record.expires))
    click.echo(text)
    click.echo(
        f"key {record.id} for {record.owner}, good until {until}; it is shown once", err=True
    )
