"""What the settings of client certificates must mean: who asks for them, and whom they name.

Part of the table of `config_checks`. A setting that would never be looked at, or a name that could
never match or be two services, is an error. RFC 8705, RFC 9440.
"""

from __future__ import annotations

from yett.contract.addresses import is_listener
from yett.contract.config import Config
from yett.contract.fitting import did_you_mean
from yett.contract.identity_settings import CertificateConfig
from yett.contract.places import Source
from yett.contract.report import Report, quote
from yett.contract.rules import CONFIG_UNKNOWN_KEY, CONFIG_VALUE

MAX_NAME_CHARACTERS = 2048
_KINDS = ("uri:", "dns:", "email:")
_NAME_HINT = 'write it whole, such as "uri:spiffe://example.org/ns/shop/sa/billing"'


def check_client_certificates(config: Config, source: Source, report: Report) -> None:
    """Check what asks for client certificates."""
    gateway, at = config.gateway, source.within(("gateway",))
    if gateway.client_cert and not gateway.trusted_proxies:
        message = "`client_cert` is never looked at: nobody is a trusted proxy"
        hint = "name the proxies in `gateway.trusted_proxies`"
        report.add(CONFIG_VALUE, message, at.at("client_cert"), hint=hint)
    tls = gateway.tls
    if tls is None:
        return
    for name in ("crl", "mutual"):
        if getattr(tls, name) and not tls.client_ca:
            message = f"`gateway.tls.{name}` says nothing without `client_ca`"
            hint = "name the authorities of client certificates in `gateway.tls.client_ca`"
            report.add(CONFIG_VALUE, message, at.at("tls", name), hint=hint)
    if tls.mutual and not is_listener(tls.mutual):
        message = f"{quote(tls.mutual)} is not a place to listen"
        hint = "write `host:port`, such as `0.0.0.0:8443` or `[::]:8443`"
        report.add(CONFIG_VALUE, message, at.at("tls", "mutual"), hint=hint)


def check_certificates(config: Config, source: Source, report: Report) -> None:
    """Check each `[[identity.certificate]]`, and that no name is there twice."""
    seen: set[str] = set()
    for index, one in enumerate(config.identity.certificate):
        at = source.within(("identity", "certificate", str(index)))
        flaw = name_flaw(one.name)
        if flaw:
            report.add(CONFIG_VALUE, f"{quote(one.name)} {flaw}", at.at("name"), hint=_NAME_HINT)
        if one.name in seen:
            message = f"the certificate name {quote(one.name)} is configured twice"
            report.add(CONFIG_VALUE, message, at.at("name"), hint="one name is one service")
        seen.add(one.name)
        if not _is_id(one.service):
            message = f"{quote(one.service)} is not the id of a service"
            hint = 'printable characters without space, such as service = "billing"'
            report.add(CONFIG_VALUE, message, at.at("service"), hint=hint)
        _grants(one, config, at, report)


def name_flaw(name: str) -> str:
    """Say why a name matches no certificate; empty when it can."""
    kind = next((kind for kind in _KINDS if name.startswith(kind)), "")
    value = name.removeprefix(kind)
    if not kind:
        return "is not a certificate's name: it begins with `uri:`, `dns:` or `email:`"
    if not value or len(value) > MAX_NAME_CHARACTERS:
        return "is empty or too long"
    if not value.isascii() or not value.isprintable() or " " in value:
        return "has characters that no name of a certificate has"
    if "*" in value:
        return "is a pattern; names are compared exactly"
    if kind == "dns:" and value != value.lower():
        return "never matches: host names are compared in lower case"
    return ""


def _grants(one: CertificateConfig, config: Config, at: Source, report: Report) -> None:
    scopes, roles = list(config.vocabulary.scopes), list(config.vocabulary.roles)
    for setting, vocabulary in (("scopes", scopes), ("roles", roles)):
        for index, word in enumerate(getattr(one, setting)):
            if not _is_id(word):
                message = f"{quote(word)} is not a word"
                report.add(CONFIG_VALUE, message, at.at(setting, str(index)))
            elif vocabulary and word not in vocabulary:
                message = f"{quote(one.service)} has {quote(word)}, which `[vocabulary]` has not"
                hint = did_you_mean(word, vocabulary)
                report.add(CONFIG_UNKNOWN_KEY, message, at.at(setting, str(index)), hint=hint)


def _is_id(text: str) -> bool:
    return 0 < len(text) <= 256 and text.isprintable() and " " not in text
