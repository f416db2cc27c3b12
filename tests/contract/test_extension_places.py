import pytest

from yett.contract.errors import ContractError
from yett.contract.extension_places import EXTENSIONS, mentions


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
        (lambda d: d["components"]["schemas"]["Booking"]["properties"]["note"].update({"x-yett-machine": {}}), "extension-misplaced", "not read here"),
        (lambda d: d["paths"]["/bookings/{id}"]["put"]["requestBody"].update({"x-yett-machine": {}}), "extension-misplaced", "not read here"),
        (lambda d: d["components"]["schemas"]["Booking"].update({"x-yett-ref": "a b"}), "extension-value", "not a name"),
        (lambda d: d["components"]["schemas"]["Booking"].update({"x-yett-ref": "Role"}), "extension-value", "taken"),
        (lambda d: d["components"]["schemas"]["Booking"].update({"x-yett-class": "p i"}), "extension-value", "not a field class"),
        (lambda d: d["components"]["schemas"]["Booking"].update({"x-yett-class": "approve"}), "extension-value", "word for approvals"),
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


def test_each_extension_has_its_place():
    """The table names operations and schemas, and nothing is read nowhere."""
    assert all(key.startswith("x-yett") and places for key, places in EXTENSIONS.items())
