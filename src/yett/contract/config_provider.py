"""What the settings of outside OpenID providers must mean, `[[identity.builtin.provider]]`.

Part of `config_builtin`. A table that would be ignored, or that would make administrators of people
whom nobody here has seen, is said.
"""

from __future__ import annotations

import re

from yett.contract.config_identity import check_algorithms, check_trusted_url
from yett.contract.fitting import did_you_mean
from yett.contract.identity_settings import BuiltinConfig, ProviderConfig
from yett.contract.places import Source
from yett.contract.report import Report, quote
from yett.contract.rules import CONFIG_HAZARD, CONFIG_VALUE

# In order; the issuer's own vocabulary (`issuer/acr.py`).
ACR: tuple[str, ...] = (
    "urn:yett:single-factor",
    "urn:yett:multi-factor",
    "urn:yett:phishing-resistant",
)

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}\Z")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+\Z")  # RFC 6749 s3.3


def check_provider(
    builtin: BuiltinConfig, provider: ProviderConfig, at: Source, report: Report
) -> None:
    """Check one table."""
    if not _NAME.match(provider.name):
        hint = "lower-case letters, digits and `-`, at most 32"
        message = f"{quote(provider.name)} is not a provider's name"
        report.add(CONFIG_VALUE, message, at.at("name"), hint=hint)
    for name in ("client_id", "secret"):
        if not getattr(provider, name):
            report.add(CONFIG_VALUE, f"`{name}` of a provider is empty", at.at(name))
    check_trusted_url(provider.url, at.at("url"), report)
    check_algorithms(provider.algorithms, at.at("algorithms"), report)
    _acr(provider, at.at("acr"), report)
    _made(builtin, provider, at, report)
    for index, scope in enumerate(provider.scopes):
        if not _SCOPE.match(scope):
            message = f"{quote(scope)} is not a scope"
            report.add(CONFIG_VALUE, message, at.at("scopes", index), hint='such as "email"')


def _acr(provider: ProviderConfig, at: Source, report: Report) -> None:
    for said, ours in provider.acr.items():
        if ours not in ACR:
            message = f"{quote(ours)} is not one of yett's values of `acr`"
            report.add(CONFIG_VALUE, message, at.at(said), hint=did_you_mean(ours, list(ACR)))


def _made(builtin: BuiltinConfig, provider: ProviderConfig, at: Source, report: Report) -> None:
    """Check what becomes of people who were never seen here."""
    if provider.roles and not provider.create:
        message = "`roles` of a provider say nothing without `create = true`"
        hint = "people who are linked keep the roles that they have here"
        report.add(CONFIG_VALUE, message, at.at("roles"), hint=hint)
    if provider.create and builtin.admin_role in provider.roles:
        message = f"whoever signs in at {quote(provider.name)} becomes an administrator"
        hint = "give the role by hand: `yett user roles NAME --add ROLE`"
        report.add(CONFIG_HAZARD, message, at.at("roles"), hint=hint)
