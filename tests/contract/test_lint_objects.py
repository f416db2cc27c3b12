import pytest
from msgspec.structs import replace

from yett.contract.identity_settings import BuiltinConfig
from yett.contract.lint import lint
from yett.contract.load import load

OVERLAID = '[api.shop]\nopenapi = "openapi.json"\noverlay = "o.yaml"\nupstream = "http://h"\n'


def found(contract, rule):
    return [f for f in lint(contract) if f.rule == rule]


def settings(good, path, method, **values):
    good["paths"][path][method].setdefault("x-yett", {}).update(values)
    return good


BOOKING = {"type": "Booking", "id": "path.id"}


def test_before_the_first_record_it_is_said_once(contract, good):
    """A team that begins is told, and not flooded."""
    for number in range(9):
        good["paths"][f"/x{number}/{{a}}"] = {
            "get": {"parameters": [{"name": "a", "in": "path", "required": True, "schema": {}}]}
        }
    (one,) = found(contract(good), "object-undeclared")
    assert one.severity == "warning"
    assert one.message.startswith("11 operations take an id, and nothing checks whose record it is")
    assert "`shop.getBooking`, `shop.putBooking`, `shop.GET /x0/{a}` and 8 more" in one.message
    assert not found(contract(good), "object-unguarded")


def test_from_the_first_record_on_each_is_an_error(contract, good):
    """One operation says which record it is about: then all must."""
    settings(good, "/bookings/{id}", "get", resource=BOOKING)
    (one,) = found(contract(good), "object-unguarded")
    assert (one.severity, one.subject) == ("error", "shop.putBooking")
    assert "takes the id `id`" in one.message
    assert "id: path.id" in one.hint
    assert one.line > 1
    assert not found(contract(good), "object-undeclared")


def test_policies_ask_for_it_too(folder, good):
    """With a policy the team has begun."""
    path = folder(good)
    (path / "policies").mkdir()
    (path / "policies/a.cedar").write_text("permit(principal, action, resource);")
    assert len(found(load(path), "object-unguarded")) == 2


@pytest.mark.parametrize("word", ["public", "public_object"])
def test_a_team_may_say_that_none_is_meant(contract, good, word):
    """Public operations and public objects are no hole."""
    good["paths"]["/bookings/{id}"]["get"]["x-yett"] = {"resource": BOOKING}
    settings(good, "/bookings/{id}", "put", **{word: True})
    assert not found(contract(good), "object-unguarded")


def test_an_overlay_may_say_it(contract, good):
    """What it adds counts, whatever the document says."""
    overlay = """overlay: 1.0.0
info: {title: t, version: 1.0.0}
actions:
  - target: $.paths['/bookings/{id}']['get','put']
    update: {x-yett: {resource: {type: Booking, id: path.id}}}
"""
    made = contract(good, OVERLAID, o__yaml=overlay)
    assert not found(made, "object-unguarded")
    (one,) = found(made, "record-unruled")
    assert (one.path.endswith("o.yaml"), one.line) == (True, 5)
    assert one.message == "2 operations say which record they are about, and there is no policy"


def test_a_second_id_in_a_path_is_noted(contract, good):
    """A rule on the booking does not look at the customer of the path; a reference does."""
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in ("customer", "booking")
    ]
    good["paths"]["/customers/{customer}/bookings/{booking}"] = {
        "parameters": parameters,
        "get": {"operationId": "nested", "x-yett": {"resource": BOOKING | {"id": "path.booking"}}},
    }
    (one,) = found(contract(good), "object-beside")
    assert (one.severity, one.subject) == ("note", "shop.nested")
    assert "`customer`" in one.message
    parameters[0]["schema"] = {"$ref": "#/components/schemas/Customer"}
    good["components"]["schemas"]["Customer"] = {"type": "string", "x-yett-ref": "Customer"}
    assert not found(contract(good), "object-beside")


@pytest.mark.parametrize(
    ("values", "number"),
    [
        ({"stream": "request", "sensitive": {"approvals": 1}}, 1),
        ({"stream": "both", "sensitive": {"approvals": 1}}, 1),
        ({"websocket": True, "sensitive": {"approvals": 2}}, 1),
        ({"stream": "request", "sensitive": {"bind": "operation", "max_age": 1}}, 1),
        ({"stream": "both", "sensitive": {"bind": "operation", "approvals": 1}}, 2),
        ({"stream": "response", "sensitive": {"bind": "operation"}}, 0),
        ({"stream": "response", "sensitive": {"approvals": 1}}, 0),
        ({"stream": "both", "sensitive": {"max_age": 1}}, 0),
        ({"stream": "both"}, 0),
    ],
)
def test_what_passes_unread_cannot_be_approved(contract, good, values, number):
    """Approvals are given to one exact request, which must be known."""
    settings(good, "/bookings/{id}", "put", **values)
    assert len(found(contract(good), "approval-streamed")) == number


@pytest.mark.parametrize(
    ("url", "signatures", "number"),
    [
        ("https://login.example.com", "own", 1),
        ("https://login.example.com", "none", 0),
        ("https://api.example.com/auth", "own", 0),
        ("", "own", 0),
    ],
)
def test_who_must_sign_needs_a_page(contract, good, url, signatures, number):
    """It stands on the gate's own host alone: elsewhere people with an account could not vote."""
    settings(good, "/bookings/{id}", "put", sensitive={"approvals": 1})
    read = contract(good)
    builtin = BuiltinConfig(url=url, audience="https://api.example.com") if url else None
    identity = replace(read.config.identity, builtin=builtin)
    authz = replace(read.config.authz, signatures=signatures)
    read = replace(read, config=replace(read.config, identity=identity, authz=authz))
    assert len(found(read, "approval-unsigned")) == number


@pytest.mark.parametrize(("more", "number"), [({}, 1), ({"acr": "x"}, 1), ({"max_age": 300}, 0)])
def test_a_token_for_one_call_without_a_sign_in_is_noted(contract, good, more, number):
    """Without a recent sign-in a stolen session is enough to get such a token."""
    settings(good, "/bookings/{id}", "put", sensitive={"bind": "operation", **more})
    assert len(found(contract(good), "bind-unsigned")) == number
