"""What the settings of yett's own authorization server must mean, `[identity.builtin]`.

Part of the table of `config_checks`. A setting that would let somebody sign in as another, or that
can never work, is an error; what is a danger in production is a hazard.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from yett.contract.addresses import is_listener, is_loopback
from yett.contract.config import Config
from yett.contract.config_identity import check_algorithms, check_trusted_url
from yett.contract.config_provider import check_provider
from yett.contract.fitting import did_you_mean
from yett.contract.identity_settings import BuiltinConfig
from yett.contract.places import Source
from yett.contract.rates import RateError, read_rate
from yett.contract.report import Report, quote
from yett.contract.rules import CONFIG_HAZARD, CONFIG_UNKNOWN_KEY, CONFIG_VALUE

# What is below these belongs to the gate or to the host, never to an issuer.
RESERVED = "/.well-known"

_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?\Z")


def check_builtin(config: Config, source: Source, report: Report) -> None:
    """Check the table, where there is one."""
    builtin = config.identity.builtin
    if builtin is None:
        return
    at = source.within(("identity", "builtin"))
    _places(builtin, at, report)
    _times(builtin, at, report)
    _limits(builtin, at, report)
    roles = config.vocabulary.roles
    if roles and builtin.admin_role not in roles:
        _unknown_role(builtin.admin_role, roles, at.at("admin_role"), report)
    for index, issuer in enumerate(config.identity.issuer):
        if issuer.url == builtin.url:
            message = f"{quote(issuer.url)} is yett's own issuer, too"
            place = source.within(("identity", "issuer", str(index), "url"))
            report.add(CONFIG_VALUE, message, place, hint="leave this table out")
    _providers(config, builtin, at, report)
    _transmitters(builtin, at, report)


def _places(builtin: BuiltinConfig, at: Source, report: Report) -> None:
    check_trusted_url(builtin.url, at.at("url"), report)
    parts = urlsplit(builtin.url)
    path = parts.path
    if not _PATH.match(path) or path.startswith(RESERVED) or parts.query:
        message = f"the path of {quote(builtin.url)} cannot be the issuer's"
        report.add(CONFIG_VALUE, message, at.at("url"), hint="write it like `/auth`")
    elif path.endswith("/"):
        message = f"{quote(builtin.url)} ends in `/`, and `iss` is compared as it is written"
        report.add(CONFIG_VALUE, message, at.at("url"), hint=f"write {quote(builtin.url[:-1])}")
    if _is_address(parts.hostname or ""):
        # WebAuthn L3 s5.1.4: the relying party is a domain; browsers answer with SecurityError.
        message = f"browsers make no passkeys for the address {quote(parts.hostname or '')}"
        hint = "give `url` a host name; `localhost` does for development"
        report.add(CONFIG_HAZARD, message, at.at("url"), hint=hint)
    if not builtin.audience:
        hint = "name the API as its clients do, such as `https://api.example.com`"
        report.add(CONFIG_VALUE, "`audience` is empty", at.at("audience"), hint=hint)
    if not is_listener(builtin.listen):
        message = f"{quote(builtin.listen)} is not a place to listen"
        report.add(CONFIG_VALUE, message, at.at("listen"), hint="write `127.0.0.1:8090`")
    elif not is_loopback(builtin.listen.rpartition(":")[0].strip("[]")):
        message = "the issuer is reached past the gate: without its limits, and without TLS"
        hint = "listen on loopback, and give `url` a path that the gate serves"
        report.add(CONFIG_HAZARD, message, at.at("listen"), hint=hint)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _times(builtin: BuiltinConfig, at: Source, report: Report) -> None:
    if builtin.session_idle > builtin.session_lifetime:
        message = "`session_idle` is longer than `session_lifetime`, so it says nothing"
        report.add(CONFIG_VALUE, message, at.at("session_idle"))
    if builtin.access_lifetime >= builtin.refresh_lifetime:
        message = "an access token outlives its grant"
        report.add(CONFIG_VALUE, message, at.at("access_lifetime"))
    idle = builtin.inactivity
    if idle is not None and idle.warn >= idle.disable:
        message = "nobody is warned: `warn` comes no earlier than `disable`"
        report.add(CONFIG_VALUE, message, at.at("inactivity", "warn"))


def _limits(builtin: BuiltinConfig, at: Source, report: Report) -> None:
    for index, text in enumerate(builtin.limits):
        place = at.at("limits", str(index))
        try:
            rate = read_rate(text)
        except RateError as error:
            report.add(CONFIG_VALUE, str(error), place, hint=error.hint)
            continue
        if rate.scope != "ip":
            hint = "the gate does not know who asks its issuer: write `per ip`"
            report.add(CONFIG_VALUE, "`limits` must be `per ip`", place, hint=hint)
    if not builtin.limits:
        message = "one address may keep the issuer busy for everybody"
        report.add(CONFIG_HAZARD, message, at.at("limits"), hint="such as `6000/min per ip`")


def _providers(config: Config, builtin: BuiltinConfig, at: Source, report: Report) -> None:
    seen: set[str] = set()
    for index, provider in enumerate(builtin.provider):
        place = at.at("provider", index)
        check_provider(builtin, provider, place, report)
        for one in {provider.name, provider.url} & seen:
            report.add(CONFIG_VALUE, f"the provider {quote(one)} is configured twice", place)
        seen |= {provider.name, provider.url}
        for role in provider.roles:
            if config.vocabulary.roles and role not in config.vocabulary.roles:
                _unknown_role(role, config.vocabulary.roles, place.at("roles"), report)


def _transmitters(builtin: BuiltinConfig, at: Source, report: Report) -> None:
    seen: set[str] = set()
    for index, one in enumerate(builtin.transmitter):
        place = at.at("transmitter", index)
        check_trusted_url(one.url, place.at("url"), report)
        check_algorithms(one.algorithms, place.at("algorithms"), report)
        for name in ("audience", "bearer"):
            if not getattr(one, name):
                report.add(CONFIG_VALUE, f"`{name}` of a transmitter is empty", place.at(name))
        if one.url in seen:
            message = f"the transmitter {quote(one.url)} is configured twice"
            report.add(CONFIG_VALUE, message, place.at("url"))
        seen.add(one.url)


def _unknown_role(role: str, known: Iterable[str], at: Source, report: Report) -> None:
    message = f"the vocabulary has no role {quote(role)}"
    report.add(CONFIG_UNKNOWN_KEY, message, at, hint=did_you_mean(role, list(known)))
