from msgspec import structs

from yett.contract.model import Operation, Settings


def test_the_zero_settings_open_nothing():
    """Nothing said: not public, not streamed, not a WebSocket."""
    settings = Settings()
    assert settings.public is None
    assert (settings.stream, settings.websocket, settings.limit) == ("", False, None)


def test_security_of_an_operation_has_no_default():
    """An operation cannot be built without saying what its security is."""
    required = {field.name for field in structs.fields(Operation) if field.required}
    assert {"security", "settings", "parameters", "body", "method", "path"} <= required
