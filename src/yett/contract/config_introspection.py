"""What the settings of tokens and their introspection must mean, `[[identity.issuer]]`.

Part of the table of `config_checks`. A token that is shown to an issuer that did not make it is a
leaked one; a type that is no access token's, taken for one, is somebody else's credential.
"""

from __future__ import annotations

from yett.contract.config import Config, IssuerConfig
from yett.contract.config_identity import check_trusted_url
from yett.contract.identity_settings import IntrospectionConfig
from yett.contract.places import Source
from yett.contract.report import Report, quote
from yett.contract.rules import CONFIG_HAZARD, CONFIG_VALUE

# Signed by the same keys as access tokens, and never one (RFC 8725 s3.11): a DPoP proof's keys are
# the caller's own, the others name a person who was signed in or out, or a request.
OTHER_TYPES = frozenset(
    {
        "dpop+jwt",
        "logout+jwt",
        "oauth-authz-req+jwt",
        "secevent+jwt",
        "session+jwt",
        "token-introspection+jwt",
    }
)


def check_tokens(config: Config, source: Source, report: Report) -> None:
    """Check what tokens of outside issuers are taken for, and who is asked about them."""
    asked: list[str] = []
    for index, issuer in enumerate(config.identity.issuer):
        at = source.within(("identity", "issuer", str(index)))
        _types(issuer, at.at("types"), report)
        _acr(issuer, at.at("acr"), report)
        if issuer.introspection is None:
            continue
        place = at.at("introspection")
        _introspection(issuer.introspection, place, report)
        if not issuer.introspection.opaque:
            continue
        if asked:
            message = (
                f"the issuers {quote(asked[0])} and {quote(issuer.url)} would both be asked "
                "about tokens that name no issuer: each would be shown the other's"
            )
            hint = "write opaque = false for all but one of them"
            report.add(CONFIG_VALUE, message, place.at("opaque"), hint=hint)
        asked.append(issuer.url)


def _types(issuer: IssuerConfig, at: Source, report: Report) -> None:
    for index, name in enumerate(issuer.types):
        if name.lower().removeprefix("application/") in OTHER_TYPES:
            message = f"{quote(name)} is the type of something else than an access token"
            hint = (
                'types = ["at+jwt"] (RFC 9068); "JWT" for issuers that write no type of their own'
            )
            report.add(CONFIG_VALUE, message, at.at(index), hint=hint)


def _acr(issuer: IssuerConfig, at: Source, report: Report) -> None:
    for said, ours in issuer.acr.items():
        if not ours or len(ours.split()) != 1 or ours.strip() != ours:
            message = f"{quote(ours)} is not one value of `acr`"
            hint = "a value is one word; leave the line out for none"
            report.add(CONFIG_VALUE, message, at.at(said), hint=hint)


def _introspection(setting: IntrospectionConfig, at: Source, report: Report) -> None:
    for name in ("client_id", "secret"):
        if not getattr(setting, name):
            report.add(CONFIG_VALUE, f"`{name}` of `introspection` is empty", at.at(name))
    if setting.url:
        check_trusted_url(setting.url, at.at("url"), report)
    if setting.any_audience:
        message = "a token for another API is good here if its issuer calls it active"
        hint = "let the issuer answer `aud` and leave `any_audience` out"
        report.add(CONFIG_HAZARD, message, at.at("any_audience"), hint=hint)
    if not setting.opaque and not setting.always:
        message = "`introspection` asks about nothing: `opaque` and `always` are both false"
        report.add(CONFIG_VALUE, message, at, hint="leave the table out")
