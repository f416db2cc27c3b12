"""One exact request as text, and its digest: what people approve and what may then run, once.

The text is JSON of strings alone, as RFC 8785 writes it, and holds no secret: credentials are no
part of it, and what the contract calls secret is covered. Covered values are compared by `sealed`,
which nobody is shown: a PIN could be guessed from any digest that approvers see. The format and its
test vectors are docs/spec/approval.md.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import unquote_plus

from msgspec import Struct

from yett.engine.approvals import Frozen
from yett.engine.exchange import Exchange
from yett.engine.steps.presented import cookie_values
from yett.policy.approvable import Approvable
from yett.policy.masks import COVER

FORMAT = "yett-approval/1"


class Seen(Struct, frozen=True):
    """What of a request is frozen, whoever asks.

    Args:
        members: of the text; `shown` is the digest of the body as people see it, empty where its
            own digest stands beside it.
        covered: names and values that the contract calls secret.
    """

    members: dict[str, Any]
    covered: list[list[str]]


def freeze(x: Exchange, how: Approvable, resource: str) -> Frozen:
    """Freeze a request that has passed every step before.

    Args:
        x: the exchange; parameters and body are in their canonical form.
        how: what its operation declares.
        resource: Cedar uid of the record it is about, empty where it names none.
    """
    seen, principal = look(x, how), x.principal
    shown = show(x.body or b"", media_type(x.request.headers), x.parsed, how)
    text = canonical(
        {
            **seen.members,
            "client": principal.client,
            "format": FORMAT,
            "issuer": principal.issuer,
            "kind": principal.kind,
            "policy": x.program.policy.digest,
            "requester": principal.id,
            "resource": resource,
            "shown": sha256(shown.encode()),
        }
    )
    sealed = sha256(canonical(seen.covered).encode()) if seen.covered else ""
    return Frozen(text, sha256(text.encode()), shown, sealed)


def look(x: Exchange, how: Approvable) -> Seen:
    """Take down what of a request decides what the service does, secrets apart."""
    assert x.plan is not None
    body = x.body or b""
    secret = bool(body) and how.mask is not None
    covered = [["body", sha256(body)]] if secret else []
    fields = _fields(x.request.headers, how, covered)
    target = _target(x.request.path, x.query, how, covered)
    shown = show(body, media_type(x.request.headers), x.parsed, how) if secret else ""
    return Seen(
        {
            "api": x.plan.operation.api,
            "body": "" if secret else sha256(body),
            "fields": fields,
            "method": x.request.method,
            "operation": x.plan.operation.id,
            "shown": sha256(shown.encode()) if secret else "",
            "target": target,
        },
        covered,
    )


def canonical(value: Any) -> str:
    """Write JSON that holds only strings, arrays and objects. See RFC 8785 s3.2."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def sha256(data: bytes) -> str:
    """Return the SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def media_type(headers: dict[bytes, bytes]) -> str:
    """Return the media type of the request's body, lower-case, without parameters."""
    value = headers.get(b"content-type", b"").decode("latin-1")
    return value.partition(";")[0].strip(" \t").lower()


def show(body: bytes, kind: str, parsed: Any, how: Approvable) -> str:
    """Write the body as approvers see it: whole, in one line, with its secrets covered.

    What could not be read is shown only where the contract declares no secret, which could not be
    found in it.
    """
    if not body:
        return ""
    if parsed is not None:
        covered = how.mask(kind, parsed) if how.mask is not None else parsed
        return printable(json.dumps(covered, ensure_ascii=False))
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if how.mask is not None or not text:
        return f"{len(body)} bytes of `{printable(kind)}`, SHA-256 {sha256(body)}"
    return printable(text)


def printable(text: str) -> str:
    """Escape what would not be seen, or would turn a line around (CWE-150, CVE-2021-42574)."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def _target(path: str, query: str, how: Approvable, covered: list[list[str]]) -> str:
    if not query:
        return path
    kept = []
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        plain = unquote_plus(name)
        if plain in how.secrets:
            covered.append([f"query/{plain}", value])
            kept.append(f"{name}={COVER}")
        elif plain not in how.credentials:
            kept.append(pair)
    return f"{path}?{'&'.join(kept)}" if kept else path


def _fields(
    headers: dict[bytes, bytes], how: Approvable, covered: list[list[str]]
) -> list[list[str]]:
    """List the fields that are frozen, and declared cookies as `cookie/NAME`, sorted."""
    # `If_Match` is `If-Match` to a WSGI or CGI service, and another request by its name here.
    found = [
        [name, value.decode("latin-1")]
        for name, value in ((one.decode("latin-1"), headers[one]) for one in headers)
        if name in how.fields or name.replace("_", "-") in how.fields
    ]
    cookies = headers.get(b"cookie")
    for name in how.cookies:
        values = cookie_values(cookies, name.encode("latin-1", "replace"))
        found += [[f"cookie/{name}", value.decode("latin-1")] for value in values]
    found.sort()
    covered += [one for one in found if _is_secret(one[0], how)]
    return [[name, COVER if _is_secret(name, how) else value] for name, value in found]


def _is_secret(name: str, how: Approvable) -> bool:
    bare = name.removeprefix("cookie/")
    return bare in how.secrets or bare.replace("_", "-") in how.secrets
