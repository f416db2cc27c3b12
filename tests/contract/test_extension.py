import pytest

from yett.contract.extension import read_settings
from yett.contract.model import Resource, Sensitive, Settings


def settings(read, value, **beside):
    reading = read({"x-yett": value, **beside})
    return read_settings(reading.document, reading.source, reading.report), reading.findings


def test_every_key_reaches_the_settings(read):
    """What is written is what later rooms see."""
    found, remarks = settings(
        read,
        {
            "public": False,
            "limit": "10/min per ip",
            "cost": 5,
            "concurrency": 3,
            "max_body": 10,
            "timeout": 2.5,
            "stream": "both",
            "websocket": True,
            "idempotent": True,
            "cache": True,
            "text": {"/a": "off", "query/q": "observe"},
            "modes": {"injection": "observe"},
            "sensitive": {"acr": "x", "max_age": 300, "approvals": 1},
            "resource": {"type": "Booking"},
            "public_object": True,
            "sunset": {"sunset": "2027-03-01"},
        },
    )
    assert not remarks
    assert found.limit == ("10/min per ip",)
    assert (found.cost, found.concurrency, found.max_body, found.timeout) == (5, 3, 10, 2.5)
    assert (found.stream, found.websocket, found.idempotent, found.cache) == (
        "both",
        True,
        True,
        True,
    )
    assert found.public is False
    assert found.public_object is True
    assert found.sensitive == Sensitive(acr="x", max_age=300, approvals=1)
    assert found.extra == {
        "sunset": {"sunset": "2027-03-01"},
    }
    assert found.resource == Resource(type="Booking")


def test_without_extension_the_defaults_hold(read):
    """Nothing said is nothing changed: not public, no own limit."""
    reading = read({})
    assert read_settings(reading.document, reading.source, reading.report) == Settings()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"pubic": True}, "`pubic` is not known"),
        ({"public": "yes"}, "`public`: `yes` is not `true` or `false`"),
        ({"limit": 3}, "`limit`: `3` is not a string or a list"),
        ({"limit": ["a", 3]}, "`limit.1`"),
        ({"cost": 0}, "greater than 0"),
        ({"concurrency": 0}, "from 1"),
        ({"max_body": -1}, "`max_body`"),
        ({"timeout": 0}, "`timeout`"),
        ({"stream": "up"}, "one of"),
        ({"text": {"a": "off"}}, "`a` names no field"),
        ({"text": {"/a": "of"}}, "`text./a`"),
        ({"modes": {"injektion": "off"}}, "`injektion` is not a rule"),
        ({"modes": {"injection": False}}, "`modes.injection`"),
        ({"sensitive": {"acr": 3}}, "`sensitive.acr`"),
        ({"sensitive": {"bind": "session"}}, "`sensitive.bind`"),
        ({"sensitive": {"max_aeg": 3}}, "`max_aeg` is not known"),
        ({"public": True, "sensitive": True}, "both `public` and `sensitive`"),
        ({"sunset": {"until": "x"}}, "`until` is not known"),
        ({"resource": {}}, "`type` is missing"),
        ({"resource": {"type": "A", "atrs": {}}}, "`atrs` is not known"),
        ({"machine": {}}, "`machine` is not known"),
        ({"sensitive": {"approvals": 11}}, "`sensitive.approvals`"),
        ({"sensitive": {"approvals": 1, "within": 0}}, "`sensitive.within`"),
        ({"sensitive": {"within": 60}}, "about approvals"),
        ([], "table"),
        (None, "table"),
    ],
)
def test_a_mistake_is_an_error_with_a_line(read, value, words):
    """A misspelt control is never simply off."""
    _, remarks = settings(read, value)
    assert remarks[0].severity == "error"
    assert remarks[0].line > 1
    assert words in remarks[0].message


def test_did_you_mean(read):
    """The hint names the key."""
    assert settings(read, {"pubic": True})[1][0].hint == "did you mean `public`?"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, Sensitive()),
        ({}, Sensitive()),
        (False, None),
        ({"approvals": 2, "within": 60}, Sensitive(approvals=2, within=60)),
        ({"max_age": 0}, Sensitive(max_age=0)),
        ({"bind": "operation", "max_age": 60}, Sensitive(bind="operation", max_age=60)),
    ],
)
def test_sensitive_is_a_value(read, value, expected):
    """`true` asks for a durable record alone; `max_age: 0` is an age, and not none."""
    found, remarks = settings(read, {"sensitive": value})
    assert (found.sensitive, remarks) == (expected, ())


def test_a_webhook_stands_beside(read):
    """`x-yett-webhook` is kept as written for its own room."""
    found, _ = settings(read, {}, **{"x-yett-webhook": {"scheme": "stripe"}})
    assert found.extra == {"webhook": {"scheme": "stripe"}}
