"""The settings of identity have no default where a check needs a value, and bounds everywhere."""

import msgspec
import pytest
from msgspec import structs

from yett.contract import identity_settings as settings


@pytest.mark.parametrize(
    ("table", "needed"),
    [
        (settings.IssuerConfig, {"url", "audience", "algorithms"}),
        (settings.BuiltinConfig, {"url", "audience"}),
        (settings.IntrospectionConfig, {"client_id", "secret"}),
        (settings.ProviderConfig, {"name", "url", "client_id", "secret"}),
        (settings.TransmitterConfig, {"url", "audience", "algorithms", "bearer"}),
        (settings.CertificateConfig, {"name", "service"}),
    ],
)
def test_what_a_check_needs_has_no_default(table, needed):
    """Half a configuration is refused when it is read, not when somebody signs in."""
    assert {field.name for field in structs.fields(table) if field.required} == needed


def test_no_shared_secret_signs():
    """Neither HMAC nor `none` can be configured, for nobody."""
    for table in (settings.BuiltinConfig, settings.DpopConfig, settings.ProviderConfig):
        text = str(msgspec.json.schema(table))
        assert "HS256" not in text
        assert "'none'" not in text
    assert not any(name.startswith(("HS", "none")) for name in settings.ALGORITHMS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("access_lifetime", 3601),
        ("access_lifetime", 0),
        ("refresh_grace", 61),
        ("session_idle", -1),
        ("refresh_lifetime", 367 * 86400),
        ("key_days", 0),
        ("algorithm", "HS256"),
        ("listen_to", "x"),
    ],
)
def test_values_have_bounds(name, value):
    """A lifetime without an end, or an unknown key, is a mistake."""
    table = {"url": "https://a.test", "audience": "a", name: value}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(table, settings.BuiltinConfig)
