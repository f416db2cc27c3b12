"""What the settings of identity must mean: issuers, the vocabulary, and who a caller is in Cedar.

Part of the table of `config_checks`. A setting that lets two people be taken for one, or a rule
read another attribute than it names, is an error.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from yett.contract.addresses import is_loopback
from yett.contract.cedar_names import (
    OTHER_PRINCIPALS,
    PRINCIPAL_ATTRIBUTES,
    attribute_flaw,
    class_flaw,
    type_flaw,
)
from yett.contract.config import ALGORITHMS, Config, IssuerConfig, PrincipalConfig
from yett.contract.fitting import did_you_mean
from yett.contract.places import Source, is_pointer
from yett.contract.report import Report, quote
from yett.contract.rules import CONFIG_HAZARD, CONFIG_UNKNOWN_KEY, CONFIG_VALUE

MAX_CLAIM_CHARACTERS = 256

_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+\Z")  # RFC 6749 s3.3
_NAMESPACE = re.compile(r"[A-Za-z0-9_.:/@-]{0,64}\Z")
_POINTER_HINT = "write a JSON pointer such as `/customer_id` (RFC 6901)"


def check_issuers(config: Config, source: Source, report: Report) -> None:
    """Check each issuer, and that none is there twice."""
    seen: set[str] = set()
    for index, issuer in enumerate(config.identity.issuer):
        at = source.within(("identity", "issuer", str(index)))
        _issuer(issuer, at, report)
        if issuer.url in seen:
            message = f"the issuer {quote(issuer.url)} is configured twice"
            report.add(CONFIG_VALUE, message, at.at("url"), hint="one table per `iss` value")
        seen.add(issuer.url)


def check_vocabulary(config: Config, source: Source, report: Report) -> None:
    """Check scopes, the scopes of roles, and field classes."""
    known = list(config.vocabulary.scopes)
    for name in known:
        if not _SCOPE.match(name):
            at = source.within(("vocabulary", "scopes", name))
            hint = "printable ASCII without space, quote and backslash (RFC 6749 s3.3)"
            report.add(CONFIG_VALUE, f"{quote(name)} is not a scope", at, hint=hint)
    for role, scopes in config.vocabulary.roles.items():
        for index, scope in enumerate(scopes):
            if scope not in config.vocabulary.scopes:
                at = source.within(("vocabulary", "roles", role, str(index)))
                message = f"the role {quote(role)} grants the unknown scope {quote(scope)}"
                report.add(CONFIG_UNKNOWN_KEY, message, at, hint=did_you_mean(scope, known))
    for name in config.vocabulary.classes:
        flaw = class_flaw(name)
        if flaw:
            at = source.within(("vocabulary", "classes", name))
            report.add(CONFIG_VALUE, f"{quote(name)} {flaw}", at)


def check_principal(config: Config, source: Source, report: Report) -> None:
    """Check the entity type of people and the attributes they get."""
    principal, at = config.principal, source.within(("principal",))
    flaw = type_flaw(principal.type)
    if principal.type in OTHER_PRINCIPALS:
        flaw = "is the type of callers that are no person"
    if flaw:
        message = f"{quote(principal.type)} {flaw}"
        report.add(CONFIG_VALUE, message, at.at("type"), hint='write type = "User"')
    for name, setting in principal.attributes.items():
        place = at.at("attributes", name)
        _attribute(name, place, report)
        if not 0 < len(setting.claim) <= MAX_CLAIM_CHARACTERS:
            message = f"the attribute {quote(name)} of the principal names no claim"
            report.add(CONFIG_VALUE, message, place.at("claim"), hint='write claim = "depot"')
    _enrich(principal, at.at("enrich"), report)


def _enrich(principal: PrincipalConfig, at: Source, report: Report) -> None:
    if principal.enrich is None:
        return
    if not principal.enrich.attributes:
        message = "`principal.enrich` names no attribute"
        report.add(CONFIG_VALUE, message, at, hint='attributes = {customer = "/customer_id"}')
    for name, pointer in principal.enrich.attributes.items():
        place = at.at("attributes", name)
        _attribute(name, place, report)
        if name in principal.attributes:
            message = f"the attribute {quote(name)} is a claim and is asked of the service, too"
            report.add(CONFIG_VALUE, message, place, hint="say one of the two")
        if not is_pointer(pointer) or not pointer:
            message = f"{quote(pointer)} is not a JSON pointer"
            report.add(CONFIG_VALUE, message, place, hint=_POINTER_HINT)


def _attribute(name: str, at: Source, report: Report) -> None:
    flaw, hint = attribute_flaw(name), ""
    if name in PRINCIPAL_ATTRIBUTES:
        flaw = "is an attribute that every principal has, and its meaning is fixed"
        hint = "choose another name; the token's own value is verified, this one would not be"
    if flaw:
        report.add(CONFIG_VALUE, f"{quote(name)} {flaw}", at, hint=hint)


def _issuer(issuer: IssuerConfig, at: Source, report: Report) -> None:
    for name in ("audience", "scope_claim"):
        if not getattr(issuer, name):
            report.add(CONFIG_VALUE, f"`{name}` of an issuer is empty", at.at(name))
    if not issuer.types or not all(issuer.types):
        hint = 'types = ["at+jwt"]; without it an ID token passes for an access token'
        report.add(CONFIG_VALUE, "`types` of an issuer is empty", at.at("types"), hint=hint)
    if not _NAMESPACE.match(issuer.namespace):
        message = f"{quote(issuer.namespace)} is not a prefix of ids"
        hint = 'letters, digits and `_ . : / @ -`, such as namespace = "staff:"'
        report.add(CONFIG_VALUE, message, at.at("namespace"), hint=hint)
    check_algorithms(issuer.algorithms, at.at("algorithms"), report)
    urls = {"url": issuer.url} | ({"jwks": issuer.jwks} if "://" in issuer.jwks else {})
    for name, value in urls.items():
        check_trusted_url(value, at.at(name), report)


def check_algorithms(algorithms: tuple[str, ...], at: Source, report: Report) -> None:
    """Check what an issuer, provider or transmitter may sign with."""
    if not algorithms:
        hint = 'say what the issuer signs with, such as algorithms = ["ES256"]'
        report.add(CONFIG_VALUE, "`algorithms` of an issuer is empty", at, hint=hint)
    for index, name in enumerate(algorithms):
        if name in ALGORITHMS:
            continue
        hint = did_you_mean(name, list(ALGORITHMS))
        message = f"{quote(name)} is not a signature algorithm that yett accepts"
        if name.upper().startswith("HS"):
            message = f"{quote(name)} is refused: whoever can verify a shared secret can also sign"
            hint = "use an asymmetric algorithm, such as `ES256` (RFC 8725 s3.2)"
        elif name.lower() == "none":
            message = f"{quote(name)} is refused: the token would not be signed at all"
            hint = "use an asymmetric algorithm, such as `ES256` (RFC 8725 s3.2)"
        report.add(CONFIG_VALUE, message, at.at(index), hint=hint)


def check_trusted_url(value: str, at: Source, report: Report) -> None:
    """Check a URL that keys or tokens come from."""
    try:
        url = urlsplit(value)
        host, _ = url.hostname or "", url.port
    except ValueError:
        host, url = "", urlsplit("")
    if url.scheme not in ("http", "https") or not host or url.fragment or url.username is not None:
        message = f"{quote(value)} is not an https URL"
        report.add(CONFIG_VALUE, message, at, hint="write it exactly as in the token's `iss`")
    elif url.scheme == "http" and not is_loopback(host):
        message = f"keys come over plain http from {quote(host)}: the network can sign tokens"
        report.add(CONFIG_HAZARD, message, at, hint="use https")
