from msgspec import structs

from yett.contract.model import Operation, SecurityScheme, Settings


def test_the_zero_settings_open_nothing():
    """Nothing said: not public, not streamed, not a WebSocket."""
    settings = Settings()
    assert settings.public is None
    assert (settings.stream, settings.websocket, settings.limit) == ("", False, None)


def test_security_of_an_operation_has_no_default():
    """An operation cannot be built without saying what its security is."""
    required = {field.name for field in structs.fields(Operation) if field.required}
    assert {"security", "settings", "parameters", "body", "method", "path"} <= required


def test_a_scheme_says_which_field_is_its_own():
    """Tokens come in `Authorization`; cookies, queries and handshakes have no field of their own."""
    made = [
        SecurityScheme(name="s", type="http", http_scheme="bearer"),
        SecurityScheme(name="s", type="oauth2"),
        SecurityScheme(name="s", type="openIdConnect"),
        SecurityScheme(name="s", type="apiKey", location="header", parameter="X-API-Key"),
        SecurityScheme(name="s", type="apiKey", location="cookie", parameter="sid"),
        SecurityScheme(name="s", type="apiKey", location="query", parameter="key"),
        SecurityScheme(name="s", type="mutualTLS"),
    ]
    assert [one.field for one in made] == [b"authorization"] * 3 + [b"x-api-key"] + [b""] * 3
