"""What the settings of `yett.toml` must mean, beyond having the right type.

A literal table of checks; each names what it refuses and why. A value that would be ignored, that
can never match, or that leaves a check half on is an error, not a default.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from yett.contract.addresses import has_default_port, is_listener, is_origin
from yett.contract.builtin import issuer_path
from yett.contract.config import RULES, Config
from yett.contract.config_builtin import check_builtin
from yett.contract.config_certificates import check_certificates, check_client_certificates
from yett.contract.config_dpop import check_dpop
from yett.contract.config_identity import check_issuers, check_principal, check_vocabulary
from yett.contract.config_introspection import check_tokens
from yett.contract.fitting import did_you_mean
from yett.contract.places import Source
from yett.contract.rates import RateError, read_rate
from yett.contract.report import Report, quote
from yett.contract.rules import CONFIG_HAZARD, CONFIG_MISSING_KEY, CONFIG_UNKNOWN_KEY, CONFIG_VALUE

_API_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}\Z")
_BASE = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*/?\Z")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")  # RFC 9110 s5.6.2
_FIELD_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?\Z|\Z")


def check(config: Config, source: Source, report: Report) -> None:
    """Run the table; `source.within(pointer)` is the place of a setting."""
    for one in _CHECKS:
        one(config, source, report)


def _apis(config: Config, source: Source, report: Report) -> None:
    if not config.api:
        hint = "add `[api.NAME]` with `openapi` and `upstream`"
        report.add(CONFIG_MISSING_KEY, "no api is declared", source.within(()), hint=hint)
    for name, api in config.api.items():
        at = source.within(("api", name))
        if not _API_NAME.match(name):
            hint = "begin with a lower-case letter; then letters, digits, `_` and `-`"
            report.add(CONFIG_VALUE, f"{quote(name)} cannot name an api", at, hint=hint)
        if api.graphql:
            message = "`graphql` is not enforced by this version of yett"
            hint = "leave it out until then; an api that is not checked is not served"
            report.add(CONFIG_VALUE, message, at.at("graphql"), hint=hint)
        elif not api.openapi:
            hint = 'name the file: openapi = "openapi.yaml"'
            message = f"`api.{name}` has no `openapi` file"
            report.add(CONFIG_MISSING_KEY, message, at, hint=hint)
        _upstream(api.upstream, at.at("upstream"), report)
        _base(api.path, at.at("path"), report)


def _upstream(value: str, at: Source, report: Report) -> None:
    if not is_origin(value):
        message = f"{quote(value)} is not an upstream"
        hint = "write `http://host:port` or `https://host:port`, in lower case, and nothing behind"
        report.add(CONFIG_VALUE, message, at, hint=hint)


def _base(value: str | None, at: Source, report: Report) -> None:
    if not value:
        return
    dots = any(part in (".", "..") for part in value.split("/"))
    if not value.startswith("/") or dots or not _BASE.match(value):
        message = f"{quote(value)} is not a path prefix"
        report.add(CONFIG_VALUE, message, at, hint="write it like `/v2`, without `%`, `?` or `..`")


def _listeners(config: Config, source: Source, report: Report) -> None:
    gateway = config.gateway
    places = [(gateway.listen, source.within(("gateway", "listen")))]
    if gateway.tls is not None and gateway.tls.redirect:
        places.append((gateway.tls.redirect, source.within(("gateway", "tls", "redirect"))))
    for value, at in places:
        if not is_listener(value):
            message = f"{quote(value)} is not a place to listen"
            hint = "write `host:port`, such as `0.0.0.0:8080` or `[::]:8080`"
            report.add(CONFIG_VALUE, message, at, hint=hint)


def _tls(config: Config, source: Source, report: Report) -> None:
    tls = config.gateway.tls
    if tls is None:
        return
    for name in ("cert", "key"):
        if not getattr(tls, name):
            at = source.within(("gateway", "tls", name))
            report.add(CONFIG_VALUE, f"`gateway.tls.{name}` is empty", at, hint="name a PEM file")


def _proxies(config: Config, source: Source, report: Report) -> None:
    for index, value in enumerate(config.gateway.trusted_proxies):
        at = source.within(("gateway", "trusted_proxies", str(index)))
        try:
            network = ipaddress.ip_network(value)
        except ValueError:
            hint = "write `10.0.0.0/8` or `2001:db8::/32`, with no bits right of the mask"
            report.add(CONFIG_VALUE, f"{quote(value)} is not a network", at, hint=hint)
            continue
        if network.prefixlen == 0:
            message = f"{quote(value)} trusts every address to name its own source"
            report.add(CONFIG_HAZARD, message, at, hint="name the proxies' own network")


def _recorder(config: Config, source: Source, report: Report) -> None:
    value = config.gateway.when_not_recorded
    if value not in ("block", "degrade"):
        at = source.within(("gateway", "when_not_recorded"))
        message = f"{quote(value)} is not one of `block`, `degrade`"
        report.add(CONFIG_VALUE, message, at, hint=did_you_mean(value, ["block", "degrade"]))
    if value == "degrade":
        at = source.within(("gateway", "when_not_recorded"))
        message = "requests go through while they cannot be recorded"
        report.add(CONFIG_HAZARD, message, at, hint="`block` refuses them instead")


def _limits(config: Config, source: Source, report: Report) -> None:
    texts = {("default", str(i)): text for i, text in enumerate(config.limits.default)}
    for pointer, text in (texts | {("failures",): config.limits.failures}).items():
        at = source.within(("limits", *pointer))
        try:
            rate = read_rate(text)
        except RateError as error:
            report.add(CONFIG_VALUE, str(error), at, hint=error.hint)
            continue
        if pointer == ("failures",) and rate.scope != "ip":
            hint = "a source that fails has no other name"
            report.add(CONFIG_VALUE, "`failures` must be `per ip`", at, hint=hint)


def _stores(config: Config, source: Source, report: Report) -> None:
    if config.store.counters != "memory":
        message = f"{quote(config.store.counters)} is not a counter store of this version of yett"
        at = source.within(("store", "counters"))
        report.add(CONFIG_VALUE, message, at, hint='write counters = "memory"')
    if not config.store.accounts.startswith(("sqlite:///", "postgresql://")):
        at = source.within(("store", "accounts"))
        message = f"{quote(config.store.accounts)} is not a store of accounts"
        hint = 'write accounts = "sqlite:///var/yett.db" or "postgresql://user@host/name"'
        report.add(CONFIG_VALUE, message, at, hint=hint)
    if not config.store.ledger:
        at = source.within(("store", "ledger"))
        report.add(CONFIG_VALUE, "`store.ledger` is empty", at, hint='name a folder: "var/ledger"')


def _signatures(config: Config, source: Source, report: Report) -> None:
    builtin = config.identity.builtin
    if config.authz.signatures == "all" and (builtin is None or not issuer_path(builtin)):
        at = source.within(("authz", "signatures"))
        message = "nobody could vote: `signatures` is `all`, and there is no page to sign on"
        hint = "add `[identity.builtin]` whose `url` has a path on the gate's host"
        report.add(CONFIG_VALUE, message, at, hint=hint)


def _cors(config: Config, source: Source, report: Report) -> None:
    for index, value in enumerate(config.cors.origins):
        _origin(value, source.within(("cors", "origins", str(index))), report)
    for name in ("headers", "expose"):
        for index, value in enumerate(getattr(config.cors, name)):
            if value == "*" or not _TOKEN.match(value):
                at = source.within(("cors", name, str(index)))
                message = f"{quote(value)} is not a header name"
                report.add(CONFIG_VALUE, message, at, hint="name each header; `*` is not one")


def _origin(value: str, at: Source, report: Report) -> None:
    if not is_origin(value):
        message = f"{quote(value)} is not an exact origin"
        hint = "write `https://app.example.com`: lower case, no path, and neither `*` nor `null`"
        report.add(CONFIG_VALUE, message, at, hint=hint)
    elif has_default_port(value):
        message = f"{quote(value)} never matches: browsers leave out the default port"
        report.add(CONFIG_VALUE, message, at, hint=f"write `{value.rpartition(':')[0]}`")


def _headers(config: Config, source: Source, report: Report) -> None:
    if not _FIELD_VALUE.match(config.headers.hsts):
        at = source.within(("headers", "hsts"))
        report.add(CONFIG_VALUE, "`headers.hsts` has characters that no header may have", at)


def _rules(config: Config, source: Source, report: Report) -> None:
    for name in config.rules:
        if name not in RULES:
            at = source.within(("rules", name))
            hint = did_you_mean(name, list(RULES))
            report.add(CONFIG_UNKNOWN_KEY, f"{quote(name)} is not a rule", at, hint=hint)


_CHECKS: tuple[Callable[[Config, Source, Report], None], ...] = (
    _apis,
    _listeners,
    _tls,
    check_client_certificates,
    _proxies,
    _recorder,
    check_issuers,
    check_tokens,
    check_dpop,
    check_vocabulary,
    check_principal,
    check_builtin,
    check_certificates,
    _limits,
    _stores,
    _signatures,
    _cors,
    _headers,
    _rules,
)
