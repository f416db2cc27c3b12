from pathlib import Path

from msgspec import structs

from yett.contract import config, identity_settings
from yett.contract.config import ALGORITHMS, RULES

PAGE = Path("docs/reference/config.md")
TABLES = {
    "api.NAME": config.ApiConfig,
    "gateway": config.GatewayConfig,
    "gateway.tls": config.TlsConfig,
    "identity": config.IdentityConfig,
    "identity.issuer": identity_settings.IssuerConfig,
    "identity.issuer.introspection": identity_settings.IntrospectionConfig,
    "identity.builtin": identity_settings.BuiltinConfig,
    "identity.builtin.inactivity": identity_settings.InactivityConfig,
    "identity.builtin.provider": identity_settings.ProviderConfig,
    "identity.builtin.transmitter": identity_settings.TransmitterConfig,
    "identity.certificate": identity_settings.CertificateConfig,
    "identity.dpop": identity_settings.DpopConfig,
    "authz": config.AuthzConfig,
    "principal": config.PrincipalConfig,
    "principal.attributes.NAME": config.ClaimConfig,
    "principal.enrich": config.EnrichConfig,
    "vocabulary": config.VocabularyConfig,
    "limits": config.LimitsConfig,
    "store": config.StoreConfig,
    "cors": config.CorsConfig,
    "headers": config.HeadersConfig,
}
TABLE_KEYS = {*TABLES, "principal.attributes"}


def settings():
    for table, shape in TABLES.items():
        for field in structs.fields(shape):
            name = f"{table}.{field.encode_name}"
            if name not in TABLE_KEYS:
                yield name
    yield from (f"rules.{rule}" for rule in RULES)


def test_each_setting_has_one_heading():
    """docs/reference/config.md describes every setting, and no setting that is gone."""
    text = PAGE.read_text(encoding="utf-8")
    headings = [line[4:].strip("`") for line in text.splitlines() if line.startswith("### ")]
    assert sorted(headings) == sorted(settings())


def test_all_tables_are_covered():
    """A table that is added to Config has to be added here and to the page."""
    both = vars(config) | vars(identity_settings)
    shapes = {v for k, v in both.items() if k.endswith("Config") and k != "Config"}
    assert shapes == set(TABLES.values())


def test_no_shared_secret_signs():
    """The list of algorithms has neither HMAC nor `none` (RFC 8725 s3.1)."""
    assert not any(name.startswith(("HS", "none")) for name in ALGORITHMS)
