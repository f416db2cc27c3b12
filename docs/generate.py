"""Writes the reference pages that are drawn from the code: `python3 dev.py docs [--check]`.

One function per page, in the table at the end. With `--check` nothing is written and the exit code
says whether a page is out of date; `tests/house/test_reference.py` asks the same.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from copy import copy
from pathlib import Path

import click

from yett.cli.__main__ import main as yett_command
from yett.problems import KINDS, Kind

REFERENCE = Path(__file__).parent / "reference"

# What the caller can do about it; the table of problems says what it is.
ADVICE = {
    "undeclared-path": "Compare the path with the OpenAPI file. An operation that should exist "
    "is missing there, or in the `servers` prefix; `yett check` lists what is declared.",
    "undeclared-method": "The `Allow` field lists the declared methods of this path.",
    "malformed-request": "Look at the client or the proxy in between: framing that can be read two "
    "ways (`Content-Length` with `Transfer-Encoding`, two `Host` fields, bare line feeds) is "
    "refused and the connection closed.",
    "ambiguous-target": "Send the path in one spelling: no `.` or `..` segment, no encoded slash, "
    "backslash or control character, no empty segment.",
    "target-too-long": "Move what is long from the query into a body.",
    "head-too-large": "Send fewer or shorter fields; large cookies are the usual reason.",
    "unsupported-expectation": "Drop the `Expect` field.",
    "request-timeout": "Send the whole head, then the whole body, within `gateway.head_timeout` "
    "and `gateway.body_timeout`.",
    "unsupported-version": "Speak HTTP/1.1. For HTTP/2 and HTTP/3 put Envoy or Caddy in front.",
    "origin-not-allowed": "Add the page's exact origin to `cors.origins`, or the field it sends to "
    "`cors.headers`.",
    "cross-site-request": "Call from the API's own origin, or with a token instead of a cookie.",
    "quota-exceeded": "Wait for `Retry-After` seconds. `RateLimit-Policy` says what the quota is.",
    "abnormal-usage-detected": "Wait for `Retry-After` seconds, and find out why requests from "
    "this address are refused; see `limits.failures`.",
    "too-many-in-flight": "Wait for an answer before the next request; see `x-yett.concurrency`.",
    "temporary-reduced-capacity": "Try again after `Retry-After`, with growing pauses.",
    "credential-missing": "Send the credential that `WWW-Authenticate` names.",
    "credential-invalid": "Get a new credential. Why this one was refused is in the record only: "
    "`yett audit show REQUEST-ID`.",
    "credential-expired": "Get a new credential; compare the clocks if it should still be good.",
    "credential-revoked": "Ask the owner of the API; a new token will not help while the account "
    "or key is revoked.",
    "proof-invalid": "Make a new proof for exactly this method and URL, with the hash of this "
    "token and the time of now; each proof is good once. See [DPoP](../how-to/dpop.md).",
    "proof-nonce-needed": "Make the proof once more with the value of `DPoP-Nonce` as its `nonce`, "
    "and keep it for the next ones.",
    "keys-unavailable": "Try again. The operator looks at the issuer's key set (`jwks`).",
    "revocations-unavailable": "Try again after `Retry-After`; reading goes on. The operator "
    "looks at the store of accounts, see [revocation](../concepts/revocation.md).",
    "scope-missing": "Ask the issuer for the scope that `WWW-Authenticate` names.",
    "unguarded-operation": "The operator declares `security` for the operation, or says "
    "`x-yett: {public: true}`.",
    "parameter-invalid": "`pointer` names the parameter. Numbers and booleans have one spelling "
    "each: `10`, not `+10`, `1_0` or `10.0`.",
    "parameter-unknown": "`pointer` names the parameter; declare it, or leave it out. See "
    "`api.NAME.unknown_query`.",
    "body-not-declared": "Leave the body out, or declare `requestBody`.",
    "body-missing": "Send the body that the contract requires.",
    "body-too-large": "Send less; see `gateway.max_body` and `x-yett.max_body`.",
    "body-malformed": "Send JSON that every parser reads the same way: no repeated key, no `NaN`, "
    "no number beyond what a double holds, valid UTF-8.",
    "body-too-deep": "Send a flatter body.",
    "media-type-undeclared": "Send one of the media types that `detail` and `Accept` "
    "name, and say so in `Content-Type`; `curl -d` says `application/x-www-form-urlencoded`.",
    "body-invalid": "`pointer` names the place and `detail` the JSON Schema keyword. A field that "
    "no schema declares is refused, whatever `additionalProperties` says by default; see "
    "`api.NAME.unknown_fields`.",
    "injection-suspected": "`pointer` names the field. If the text is honest, set the field's mode "
    "with `x-yett.text`, or give it an `enum`, `format` or `pattern`.",
    "not-permitted": "Ask who writes the policies. Which rule and which clause refused is in the "
    "record, under the request id: `yett audit show REQUEST-ID`.",
    "no-such-record": "Check the id. The answer is the same for a record that is not there and one "
    "that you may not see; the operator finds in the record which it was.",
    "reference-unknown": "`pointer` names the id. It must name a record that you may read.",
    "field-not-permitted": "`pointer` names the field; leave it out, or as it is. See "
    "`x-yett-class`.",
    "wrong-state": "`current` is the state of the record, `allowed_operations` are what it "
    "allows now; see `x-yett-machine`.",
    "record-unreadable": "The operator looks why the service does not answer the read before the "
    "write. Nothing was written.",
    "record-busy": "Try again after `Retry-After`. Nothing was written.",
    "record-changed": "Read the record again, then decide again. Nothing was written.",
    "step-up-needed": "Sign in again as `WWW-Authenticate` says: with one of `acr_values`, not "
    "longer ago than `max_age` seconds (RFC 9470 s4). Then repeat the request with the new token.",
    "approval-needed": "Ask `needed` other people to approve under `approve`, or in a browser at "
    "`page` where there is one; they see exactly this request. Then send it again, unchanged, with "
    "`Yett-Approval: ID`, within `expires_in` seconds. Where there is no `approval` member, "
    "`detail` says why nothing can be asked for.",
    "approval-invalid": "An approval is good once, for exactly the request that was approved, by "
    "who asked for it, under the contract it was asked for. Send the request without "
    "`Yett-Approval` to ask anew. A vote that must be signed is refused like this, too: `detail` "
    "names the page on which to sign it.",
    "upstream-unreachable": "The operator looks whether the service runs; nothing was sent.",
    "upstream-broken": "The operator looks at the service's answer: it is not HTTP/1.1, or was cut "
    "short.",
    "upstream-timeout": "The operation may have been done. See `gateway.upstream_timeout` and "
    "`x-yett.timeout`.",
    "upstream-failed": "The service answered 5xx; its own words are kept from strangers. The "
    "operator finds the status in the record.",
    "loop-detected": "An upstream points back at the gate.",
    "answer-uncheckable": "The operator looks at the service's answer: a rule must read it, and it "
    "is too large, coded, not JSON, or lacks an attribute that a rule needs. A write may have been "
    "done. See `authz.max_checked`.",
    "answer-undeclared": "Never sent: it stands in records, where `response_fields` only observes. "
    "The operator declares the fields, or leaves them out of the service's answer.",
    "not-recorded": "Nothing is let through that cannot be recorded; the operator looks at the "
    "disk of the ledger. See `gateway.when_not_recorded`.",
    "internal-error": "A bug in yett: please report it with the request id.",
}


def problems_page() -> str:
    """Draw the page of refusals."""
    return "\n".join(_problems())


def _problems() -> Iterator[str]:
    yield "# Problems\n"
    yield "Every refusal of yett, as `application/problem+json` (RFC 9457). `type` ends in the"
    yield "code, and a code never changes its meaning. Drawn from `src/yett/problems.py`.\n"
    yield "| status | code |\n|---|---|"
    for kind in sorted(KINDS, key=lambda kind: (kind.status, kind.code)):
        yield f"| {kind.status} | [`{kind.code}`](#{kind.code}) |"
    for kind in KINDS:
        yield from _problem(kind)


def _problem(kind: Kind) -> Iterator[str]:
    yield f"\n## {kind.code}\n"
    yield f"**{kind.status} {kind.title}**: {kind.detail}.\n"
    yield f"`{kind.type}`\n"
    yield ADVICE[kind.code]


def commands_page() -> str:
    """Draw the page of commands: their `--help`, word for word."""
    lines = [
        "# Commands\n",
        "The words of `--help`. Exit codes: 0 fine, 1 findings, 2 the input is",
    ]
    lines.append("wrong, 3 something outside failed.")
    for path, command in walk(yett_command, ("yett",)):
        lines.append(f"\n## {' '.join(path)}\n\n```text\n{_help(command, ' '.join(path))}\n```")
    return "\n".join(lines)


def _help(command: click.Command, name: str) -> str:
    """Return the words of `--help`, whoever has asked this command before."""
    fresh = copy(command)
    fresh._help_option = None  # noqa: SLF001 — click keeps the names of the first asker
    names = yett_command.context_settings["help_option_names"]
    return fresh.get_help(
        click.Context(fresh, info_name=name, terminal_width=90, help_option_names=names)
    )


def walk(
    command: click.Command, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Go through a command and everything below it, in order of names."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                yield from walk(below, (*path, name))


PAGES: dict[str, Callable[[], str]] = {
    "problems.md": problems_page,
    "commands.md": commands_page,
}


def stale() -> list[str]:
    """Name the pages whose file differs from what the code says."""
    return [name for name in PAGES if _read(name) != PAGES[name]() + "\n"]


def _read(name: str) -> str:
    path = REFERENCE / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def run(arguments: list[str]) -> int:
    """Write the pages, or check them."""
    names = stale()
    if "--check" in arguments:
        for name in names:
            print(f"docs/reference/{name} is out of date: python3 dev.py docs")
        return 1 if names else 0
    for name in names:
        (REFERENCE / name).write_text(PAGES[name]() + "\n", encoding="utf-8")
        print(f"docs/reference/{name} written")
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
