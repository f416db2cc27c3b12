"""`yett audit`: ask the ledger. `verify` whether it is whole, `search` it, `show` one record.

Reads files only, needs neither a running gate nor a valid contract. Exit codes: 0 fine, 1 the chain
is broken, 2 the input is wrong, 3 something outside failed.
"""

from __future__ import annotations

import contextlib
import difflib
import itertools
import json
import os
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import to_builtins

from yett.cli.audit_view import (
    as_block,
    as_count,
    as_json,
    as_line,
    as_object,
    printable,
    report_json,
    report_text,
)
from yett.cli.failing import fail
from yett.cli.folder import folder_later, in_folder
from yett.cli.forms import text_or_json
from yett.cli.settings import named_path
from yett.cli.when import read_time

if TYPE_CHECKING:
    from yett.records.line import Record
    from yett.records.query import Filter, Search

DEFAULT_LEDGER = "var/ledger"
DEFAULT_LIMIT = 50
_RESOURCE = re.compile(r'[A-Za-z_][A-Za-z0-9_:]*::".*"')

form_option = text_or_json("for people or for programs (one JSON object a line)")


@click.group("audit")
@click.option(
    "--ledger",
    type=click.Path(path_type=Path),
    help="the ledger's folder  [default: `store.ledger` of yett.toml]",
)
@in_folder
@click.pass_context
def audit(ctx: click.Context, ledger: Path | None) -> None:
    """Ask the ledger who did what, and whether it is whole.

    Example: yett audit search --since 2h --verdict refuse
    """
    folder = folder_later(ctx)
    ctx.obj = lambda: ledger or named_path(folder(), "store", "ledger", DEFAULT_LEDGER)


@audit.command("verify")
@click.option("--from", "start", type=click.IntRange(min=0), default=0, help="first record")
@click.option("--to", "end", type=click.IntRange(min=0), help="last record  [default: the newest]")
@click.option("--head", help="INDEX:LINK that an earlier verification printed")
@form_option
@in_folder
@click.pass_obj
def verify_command(
    find_ledger: Callable[[], Path], start: int, end: int | None, head: str | None, form: str
) -> None:
    """Verify the chain and name the first record that is wrong.

    Records cut off the end are found with the head of an earlier verification.

    Example: yett audit verify --head 41:9f0c...
    """
    from yett.records.report import parse_head  # noqa: PLC0415 — records load only when asked
    from yett.records.verify import verify  # noqa: PLC0415 — as above

    remembered = parse_head(head) if head is not None else None
    if head is not None and remembered is None:
        fail(2, f"`{printable(head)}` is no head", "a head is INDEX:LINK, with 64 hex digits")
    if end is not None and end < start:
        fail(2, f"`--to {end}` lies before `--from {start}`", "give the smaller one to --from")
    folder = _existing(find_ledger())
    with _outside_failures(), _progress() as progress:
        report = verify(folder, start=start, end=end, head=remembered, progress=progress)
    click.echo(report_json(report) if form == "json" else report_text(report, click.style))
    sys.exit(0 if report.ok else 1)


@audit.command("search")
@click.option("--since", help="`30m`, `2h`, `7d` ago or an ISO 8601 time")
@click.option("--until", help="as --since")
@click.option("--principal", default="", help="who asked")
@click.option("--operation", default="", help="API.OPERATION")
@click.option("--resource", default="", help="about which record, such as 'Booking::\"3\"'")
@click.option("--code", default="", help="why it was refused, such as `scope-missing`")
@click.option("--observed", is_flag=True, help="what rules in mode `observe` would have refused")
@click.option("--verdict", type=click.Choice(["allow", "refuse"]), help="what was decided")
@click.option("--status", type=click.IntRange(100, 599), default=None, help="status sent")
@click.option("--source", default="", help="client address")
@click.option("--request", default="", help="request id")
@click.option(
    "--kind", default="", help="`request`, `intent`, `lost`, `gap`, `recorder-started` ..."
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=DEFAULT_LIMIT,
    show_default=True,
    help="most records to print",
)
@click.option("--count", "counted", is_flag=True, help="requests by code and operation instead")
@click.option("--oldest", is_flag=True, help="oldest first")
@click.option("--follow", is_flag=True, help="then go on with what is recorded, until Ctrl-C")
@form_option
@in_folder
@click.pass_obj
def search_command(
    find_ledger: Callable[[], Path],
    /,
    *,
    limit: int,
    counted: bool,
    oldest: bool,
    follow: bool,
    form: str,
    **conditions: Any,
) -> None:
    """Find records, newest first.

    Example: yett audit search --since 2h --principal alice --code scope-missing

    With --observed --count: what would be refused if every rule were enforced. With --resource:
    who asked for one record, such as yett audit search --resource 'Booking::"3"'
    """
    from yett.records.query import Filter, Search  # noqa: PLC0415 — records load only when asked

    now = time.time()
    _check_code(conditions["code"])
    _check_resource(conditions["resource"])
    if counted and follow:
        fail(2, "`--count` ends and `--follow` does not", "leave one of them out")
    conditions["since"] = _time(conditions["since"], now, 0.0)
    conditions["until"] = _time(conditions["until"], now, float("inf"))
    wanted = Filter(**{name: value for name, value in conditions.items() if value is not None})
    search = Search(_existing(find_ledger()), wanted)
    write = _writer(form)
    with _outside_failures():
        if follow:
            _follow(search, limit, write)
        elif counted:
            _count(search, wanted, limit, form)
        else:
            found = search.oldest() if oldest else search.newest()
            for record in itertools.islice(found, limit):
                write(record)
    if not search.found and form == "text":
        click.echo("nothing found", err=True)
    if search.unreadable:
        fail(1, f"{search.unreadable} lines are no records", "`yett audit verify` names the first")


@audit.command("show")
@click.argument("identifier", metavar="ID")
@form_option
@in_folder
@click.pass_obj
def show_command(find_ledger: Callable[[], Path], identifier: str, form: str) -> None:
    """Show a record by its index, or all records of a request by its id.

    The id is the `request_id` of a refusal, or `yett-request-id` of any answer: why it was refused
    stands at `note`, `policies` and `why`.

    Example: yett audit show 41
    """
    from yett.records.query import Filter, Search, find  # noqa: PLC0415 — as above

    folder = _existing(find_ledger())
    with _outside_failures():
        if identifier.isascii() and identifier.isdigit() and len(identifier) <= 20:
            one = find(folder, int(identifier))
            records = [one] if one else []
        else:
            search = Search(folder, Filter(request=identifier))
            records = list(itertools.islice(search.oldest(), DEFAULT_LIMIT))
    if not records:
        hint = "an index is a number, else it is taken for a request id"
        fail(2, f"there is no record `{printable(identifier)}`", hint)
    if form == "json":
        click.echo("\n".join(as_json(as_object(record)) for record in records))
    else:
        click.echo("\n\n".join(as_block(record, str(folder)) for record in records))


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        fail(2, f"{folder}: there is no ledger", "`yett serve` begins one; `-C DIR` chooses it")
    return folder


def _time(text: str | None, now: float, default: float) -> float:
    if text is None:
        return default
    moment = read_time(text, now)
    if moment is None:
        fail(2, f"`{printable(text)}` is no time", "such as `30m`, `2h`, `7d`, `2026-11-22T08:00`")
    return moment


def _check_code(code: str) -> None:
    """Refuse a code that no problem has: nothing would be found, and that reads as good news."""
    from yett.engine.answers.findings import FINDINGS  # noqa: PLC0415 — as below
    from yett.problems import KINDS  # noqa: PLC0415 — only a search with a code pays

    codes = [*(kind.code for kind in KINDS), *FINDINGS]
    if code and code not in codes:
        near = difflib.get_close_matches(code, codes, 1)
        hint = f"did you mean `{near[0]}`?" if near else "they are in docs/reference/problems.md"
        fail(2, f"`{printable(code)}` is no code of a problem", hint)


def _check_resource(resource: str) -> None:
    """Refuse what no record is called; a shell takes the quotes away unless they are quoted."""
    if not resource or _RESOURCE.fullmatch(resource):
        return
    type_, _, id_ = resource.partition("::")
    named = f"{type_}::{json.dumps(id_, ensure_ascii=False)}" if id_ else 'Booking::"3"'
    text = f"`{printable(resource)}` is no record"
    fail(2, text, printable(f"its id stands in quotes: `--resource {shlex.quote(named)}`"))


def _count(search: Search, wanted: Filter, limit: int, form: str) -> None:
    from yett.records.counts import count  # noqa: PLC0415 — records load only when asked

    groups = count(search.oldest(), observed=wanted.observed, code=wanted.code)
    if form == "json":
        for group in groups[:limit]:
            click.echo(as_json(to_builtins(group)))
        return
    for group in groups[:limit]:
        click.echo(as_count(group, click.style))
    if len(groups) > limit:
        click.echo(f"{len(groups) - limit:,} more; `--limit` shows them", err=True)


def _writer(form: str) -> Callable[[Record], None]:
    if form == "json":
        return lambda record: click.echo(as_json(as_object(record)))
    return lambda record: click.echo(as_line(record, click.style))


def _follow(search: Any, limit: int, write: Callable[[Record], None]) -> None:
    place = search.end()
    last = -1
    for record in reversed(list(itertools.islice(search.newest(), limit))):
        write(record)
        last = record.i
    with contextlib.suppress(KeyboardInterrupt):
        for record in search.follow(place):
            if record.i > last:
                write(record)


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """Draw a bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 — 60 ms that only a terminal pays
    from rich.progress import Progress  # noqa: PLC0415 — as above

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("verifying", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextlib.contextmanager
def _outside_failures() -> Iterator[None]:
    from yett.records.errors import LedgerError  # noqa: PLC0415 — records load only when asked

    try:
        yield
    except LedgerError as error:
        fail(3, str(error), error.hint)
    except BrokenPipeError:
        # `yett audit search | head`: the reader has enough. Click would answer 1, which here means
        # a broken chain; a flush at exit would complain a second time.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        fail(3, f"{error.filename or 'the ledger'}: {(error.strerror or str(error)).lower()}")
