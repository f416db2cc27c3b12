"""What is dangerous about a configuration that is allowed: named, and printed at every start.

A hazard is a choice somebody made. It is never refused here and never silent.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from yett.contract.addresses import is_loopback
from yett.contract.config import Config
from yett.policy.model import OperationPolicy, Policy
from yett.terms import Mode
from yett.wire.client_trust import Trust
from yett.wire.listen import Address
from yett.wire.tls import EXPIRY_WARNING_DAYS, Tls

_DAY_SECONDS = 86_400


def hazards(
    policy: Policy, address: Address, tls: Tls | None, folder: Path, now: float
) -> list[str]:
    """List the hazards, each as `name: what it means and what to do`."""
    config = policy.config
    found = [*_listener(config, address, tls, folder, now), *_rules(policy), *_outside(config)]
    found += [*_closed(policy), *_certified(policy)]
    if config.gateway.when_not_recorded == "degrade":
        found.append("degrade: requests go on, unrecorded, while the recorder's spool is full")
    if os.geteuid() == 0:
        found.append("root: give yett a user of its own; a port below 1024 needs only a capability")
    return found


def _listener(
    config: Config, address: Address, tls: Tls | None, folder: Path, now: float
) -> Iterator[str]:
    if tls is None and address.public:
        yield (
            f"plain-http: `{address}` can be reached from outside and is not encrypted; "
            "set `gateway.tls`, or listen on 127.0.0.1 behind something that is"
        )
    if tls is None and address.public and config.gateway.client_cert:
        yield (
            "client-cert: certificates in `Client-Cert` come unencrypted; whoever sends from a "
            "proxy's address is any client (RFC 9440 s4)"
        )
    if tls is None or config.gateway.tls is None:
        return
    days = (tls.leaf.expires - now) / _DAY_SECONDS
    if days < EXPIRY_WARNING_DAYS:
        yield f"certificate: it expires in {days:.0f} days; a new file is taken without a restart"
    yield from _client_trust(tls.trust, now)
    key = folder / config.gateway.tls.key
    if stat.S_IMODE(key.stat().st_mode) & 0o077:
        yield f"key-readable: `{key}` can be read by other users; chmod 600 it"


def _client_trust(trust: Trust | None, now: float) -> Iterator[str]:
    if trust is None:
        return
    days = (trust.expires - now) / _DAY_SECONDS
    if days < EXPIRY_WARNING_DAYS:
        yield f"client-ca: an authority of client certificates expires in {days:.0f} days"
    revoked = trust.revoked
    if revoked is None:
        yield (
            "no-crl: a client certificate is good until it expires, whoever has it; set "
            "`gateway.tls.crl`, or have them issued for hours"
        )
    elif now >= revoked.due:
        hours = (revoked.ends - now) / 3600
        yield (
            f"crl: the list of `{revoked.first}` ends in {hours:.0f} hours; then every client "
            "is refused"
        )


def _rules(policy: Policy) -> Iterator[str]:
    config = policy.config
    if config.gateway.mode is not Mode.ENFORCE:
        yield f"mode: `gateway.mode` is `{config.gateway.mode}`: what is refused is let through"
    for rule, mode in config.rules.items():
        if mode is not Mode.ENFORCE:
            yield f"rule: `rules.{rule}` is `{mode}`"
    for name, api in config.api.items():
        for setting in ("unknown_fields", "unknown_query"):
            mode = getattr(api, setting)
            if mode is not Mode.ENFORCE:
                yield f"rule: `api.{name}.{setting}` is `{mode}`"


def _closed(policy: Policy) -> Iterator[str]:
    """What nobody can call: not dangerous, but hardly meant."""
    open_ = sum(1 for o in policy.operations if o.security is None and not o.public)
    if open_:
        yield (
            f"unguarded: {open_:,} operations do not say who may call them, and refuse everybody; "
            "`yett check` names them"
        )
    guarded = sum(1 for o in policy.operations if o.security and () not in o.security)
    identity = policy.config.identity
    verifiers = (identity.issuer, identity.builtin, identity.keys, identity.certificate)
    if guarded and not any(verifiers):
        yield (
            f"unverifiable: {guarded:,} operations need a credential, and nothing verifies one; "
            "set `[identity.builtin]`, `[[identity.issuer]]` or `identity.keys`"
        )


def _certified(policy: Policy) -> Iterator[str]:
    """What needs a client certificate that nobody asks for."""
    tls, gateway = policy.config.gateway.tls, policy.config.gateway
    if gateway.client_cert or (tls is not None and tls.client_ca):
        return
    needing = sum(_always_certified(one) for one in policy.operations if not one.public)
    if needing:
        yield (
            f"no-client-certificate: {needing:,} operations need a client certificate, and none "
            "is asked for; set `gateway.tls.client_ca` or `gateway.client_cert`"
        )


def _always_certified(operation: OperationPolicy) -> bool:
    ways = operation.security or ()
    return bool(ways) and all(
        any(need.scheme.type == "mutualTLS" for need in every) for every in ways
    )


def _outside(config: Config) -> Iterator[str]:
    for name, api in config.api.items():
        if _plain(api.upstream):
            yield f"plain-upstream: `api.{name}.upstream` is on another host and not encrypted"
    for issuer in config.identity.issuer:
        if _plain(issuer.jwks or issuer.url):
            yield (
                f"plain-keys: the keys of `{issuer.url}` are fetched unencrypted: "
                "whoever sits between can make tokens"
            )


def _plain(url: str) -> bool:
    """Whether a URL is plain HTTP to another host."""
    parts = urlsplit(url)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")
