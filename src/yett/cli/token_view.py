"""What `yett token inspect` says of a credential: what it claims, and what the gate makes of it.

Judged by the same code as at the gate, with keys and revocations as they are now. What is not
proven is called unverified. No signature, secret or whole token is ever in the answer.
"""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import msgspec

from yett.cli.failing import fail
from yett.contract.config import Config
from yett.credentials.api_key import key_id
from yett.credentials.structure import RawToken, read_token
from yett.credentials.verifier import Verified
from yett.problems import Problem
from yett.state.errors import StateError
from yett.state.identity import Identity
from yett.state.revocation_feed import RevocationFeed
from yett.terms import Principal

MAX_TOKEN_BYTES = 64 * 1024
SESSION_TYPE = "session+jwt"
WARNING = "unverified: anybody can write this"


def inspect(text: bytes, config: Config, folder: Path, now: float) -> dict[str, Any]:
    """Say what a credential is and whether the gate would accept it.

    Args:
        text: as presented, without `Bearer`.
        config: `[identity]` and `[store]`.
        folder: where relative paths start.
        now: unix seconds.

    Returns:
        `kind`, `accepted`, `why`, and what there is of `header`, `claims`, `verified`, `principal`,
        `binding`, `expires`, `revoked`.
    """
    try:
        identity = Identity.from_config(config.identity, folder)
        feed = RevocationFeed.from_config(config, folder)
    except StateError as error:
        fail(3, str(error), error.hint)
    found: dict[str, Any] = {"kind": "opaque", "accepted": False, "verified": False}
    raw = read_token(text)
    if text.startswith(b"yett_"):
        found |= {"kind": "api key", "id": key_id(text)}
        return found | _judged(identity.verify_key(text, now, ""), feed)
    if isinstance(raw, str):
        if text.count(b".") == 2:
            return found | {"kind": "jwt", "why": raw}
        return found | {"why": "no JWT: only the issuer that made it could say"}
    found |= {"kind": "jwt", "header": _header(raw), "claims": raw.unverified_claims}
    return found | _judged(_verify(identity, raw, text, now), feed)


def shown_lines(found: dict[str, Any]) -> list[str]:
    """Write the same for people."""
    mark = "verified" if found["verified"] else WARNING
    lines = [f"kind: {found['kind']}" + (f" {found['id']}" if found.get("id") else "")]
    if "header" in found:
        lines += [f"header ({mark}): {_json(found['header'])}", f"claims ({mark}):"]
        lines += [f"  {_json(name)}: {_json(value)}" for name, value in found["claims"].items()]
    if "principal" in found:
        lines.append(f"whose: {_json(found['principal'])}")
    if found.get("binding"):
        lines.append(f"bound: {found['binding']}; good only with proof of that key")
    if found.get("expires"):
        lines.append("until: " + time.strftime("%FT%TZ", time.gmtime(found["expires"])))
    if found.get("revoked"):
        lines.append(f"revoked by: {_json(found['revoked'])}")
    verdict = "would accept it" if found["accepted"] else "would refuse it"
    return [*lines, f"the gate {verdict}" + (f": {found['why']}" if found.get("why") else "")]


def _verify(identity: Identity, raw: RawToken, text: bytes, now: float) -> Verified | Problem:
    look = identity.verify_session if raw.header.type == SESSION_TYPE else identity.verify_token
    verified = look(text, now)
    if isinstance(verified, Verified) and verified.principal is None and not verified.opaque:
        asyncio.run(identity.issuers[verified.issuer].keys.fetch())
        verified = look(text, now)
    return verified


def _judged(verified: Verified | Problem, feed: RevocationFeed) -> dict[str, Any]:
    if isinstance(verified, Problem):
        return {"why": verified.note or verified.detail}
    principal = verified.principal
    if principal is None:
        asks = "its issuer is asked about it" if verified.opaque else "no key of its issuer fits"
        return {"why": asks}
    revoked = feed.of(principal)
    return {
        "verified": True,
        "accepted": revoked is None,
        "why": "" if revoked is None else "it is revoked",
        "principal": _shown(principal),
        "binding": principal.binding,
        "expires": principal.expires,
        "revoked": None if revoked is None else msgspec.to_builtins(revoked),
    }


def _shown(principal: Principal) -> dict[str, Any]:
    names = ("kind", "id", "issuer", "client", "tenant", "credential")
    fields = {name: getattr(principal, name) for name in names if getattr(principal, name)}
    return {
        **fields,
        "scopes": sorted(principal.scopes),
        "roles": sorted(principal.roles),
    }


def _header(raw: RawToken) -> dict[str, str]:
    header = raw.header
    return {"alg": header.algorithm, "kid": header.kid, "typ": header.type}


def _json(value: object) -> str:
    """Write a value of a stranger on one line, with nothing that moves a terminal's cursor."""
    return json.dumps(value, ensure_ascii=True)
