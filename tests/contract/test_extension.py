from pathlib import Path

import pytest
from msgspec import structs

from yett.contract.errors import ContractError
from yett.contract.extension import read_settings
from yett.contract.extension_forms import Extension
from yett.contract.extension_places import EXTENSIONS, mentions
from yett.contract.model import Resource, Sensitive, Settings

PAGE = Path("docs/reference/extensions.md")


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
        ({"sensitive": {"max_aeg": 3}}, "`max_aeg` is not known"),
        ({"public": True, "sensitive": True}, "both `public` and `sensitive`"),
        ({"sunset": {"until": "x"}}, "`until` is not known"),
        ({"resource": {}}, "`type` is missing"),
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
    ("data", "found"),
    [
        (b'{"x-yett": 1}', True),
        (b'{"X-YETTT": 1}', True),
        (b'{"x_yet": 1}', True),
        (b'{"x\\u002dyett": 1}', True),
        (b'"\\x78-y\\x65tt": 1', True),
        (b'? "x-ye\\\n  tt"\n: 1', True),
        (b'{"x_yett": 1, "X-yeet": 2}', True),
        (b'{"caf\\u00e9": "next-year"}', False),
        (b"{}", False),
    ],
)
def test_no_spelling_of_the_name_hides_from_the_search(data, found):
    """Escaped letters count: a key that is not looked for would be ignored in silence."""
    assert mentions(data) is found


@pytest.mark.parametrize(
    ("bend", "rule", "words"),
    [
        (lambda d: d["paths"]["/health"]["get"].update({"x-yet": 1}), "extension-unknown", "`x-yet` is not known"),
        (lambda d: d["paths"]["/health"]["get"].update({"x_yett": 1}), "extension-unknown", "`x_yett` is not known"),
        (lambda d: d["paths"]["/health"]["get"].update({"X_Yeet-text": 1}), "extension-unknown", "not known"),
        (lambda d: d["paths"]["/health"]["get"].update({"x-yellow": 1, "x-yet-another": 1, "x-ye": 1}), "extension-unknown", "`x-yet-another`"),
        (lambda d: d["paths"]["/health"]["get"].update({"x-yellow": 1, "x-yeti": 1, "x-ye": 1}), None, ""),
        (lambda d: d["paths"]["/health"]["get"].update({"x-yettt": 1}), "extension-unknown", "`x-yettt` is not known"),
        (lambda d: d["paths"]["/health"]["get"].update({"X-Yett": {}}), "extension-unknown", "`X-Yett` is not known"),
        (lambda d: d["paths"]["/health"].update({"x-yett": {}}), "extension-misplaced", "not read here"),
        (lambda d: d.update({"x-yett": {}}), "extension-misplaced", "not read here"),
        (lambda d: d["components"]["schemas"]["Booking"].update({"x-yett": {}}), "extension-misplaced", "not read"),
        (lambda d: d["info"].update({"x-yett-text": "off"}), "extension-misplaced", "not read here"),
        (lambda d: d["components"]["schemas"]["Booking"].update({"x-yett-text": "on"}), "extension-value", "no kind of text"),
        (lambda d: d["components"]["schemas"]["Booking"].update({"x-yett-ref": 3}), "extension-value", "not a name"),
        (lambda d: d["components"]["schemas"]["Booking"].update({"x-yett-machine": 3}), "extension-value", "not a table"),
        (lambda d: d["paths"]["/health"]["get"].update({"x-yett-webhook": []}), "extension-value", "not a table"),
        (lambda d: d["paths"]["/health"]["get"].update({"x-yett-webhook": {}}), None, ""),
        (lambda d: d["info"].update({"example": {"x-yett": {}}}), None, ""),
    ],
)  # fmt: skip
def test_names_are_known_and_at_their_place(good, contract, bend, rule, words):
    """Anything that begins with `x-yett` is read, or is an error."""
    bend(good)
    if rule is None:
        assert contract(good)
        return
    with pytest.raises(ContractError) as caught:
        contract(good)
    (found,) = caught.value.findings
    assert found.rule == rule
    assert words in found.message
    assert found.line > 1


def test_each_extension_and_key_has_one_heading():
    """docs/reference/extensions.md describes all of them, and none that is gone."""
    text = PAGE.read_text(encoding="utf-8")
    names = [line[4:].strip("`") for line in text.splitlines() if line.startswith("### ")]
    assert sorted(names) == sorted(field.name for field in structs.fields(Extension))
    heads = [line[3:].strip("`") for line in text.splitlines() if line.startswith("## ")]
    assert sorted(heads) == sorted(EXTENSIONS)
