import pytest

from yett.contract.lint import lint

CONFIG = '[api.shop]\nopenapi = "openapi.json"\nupstream = "http://h"\n'


def document(good, **resource):
    """The sample with a list and a record of bookings."""
    booking = {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "customer_id": {"type": "string"},
            "status": {"type": "string"},
        },
    }
    good["components"]["schemas"]["Booking"] = booking
    page = {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": {"$ref": "#/components/schemas/Booking"}},
            "total": {"type": "integer"},
            "next": {"type": "string"},
        },
    }
    good["paths"]["/bookings"] = {
        "get": {
            "operationId": "listBookings",
            "x-yett": {"resource": {"type": "Booking", "items": "/items", "totals": ["/total"]}},
            "responses": {"200": {"description": "", "content": {"application/json": {"schema": page}}}},
        }
    }  # fmt: skip
    value = {"type": "Booking", "id": "path.id", "attrs": {"customer": "/customer_id"}}
    for method in ("get", "put"):
        good["paths"]["/bookings/{id}"][method]["x-yett"] = {"resource": dict(value)}
    change(good, "get", **resource)
    return good


def change(good, method, path="/bookings/{id}", **resource):
    good["paths"][path][method]["x-yett"]["resource"].update(resource)
    return good


def found(contract, rule):
    return [f for f in lint(contract) if f.rule == rule]


RULES = {
    "record-id", "record-attribute", "record-conflict", "record-read", "record-list",
    "reference-unknown", "class-unknown",
}  # fmt: skip


def test_a_good_record_says_nothing(contract, good):
    """List, record and write of one type, with all they can say."""
    made = document(good, read="getBooking")
    good["components"]["schemas"]["Booking"]["properties"]["customer_id"]["x-yett-ref"] = "User"
    assert not {f.rule for f in lint(contract(made))} & RULES


@pytest.mark.parametrize(
    ("resource", "rule", "words", "hint"),
    [
        ({"id": "path.di"}, "record-id", "`path.di` is nothing that `shop.getBooking` takes", "`id`"),
        ({"id": "header.X"}, "record-id", "nothing that", "takes nothing in the header"),
        ({"id": "body./idd"}, "record-id", "nothing that", ""),
        ({"attrs": {"customer": "/custmer_id"}}, "record-attribute", "nothing declares `/custmer_id` of a `Booking`", "did you mean `/customer_id`?"),
        ({"attrs": {"customer": "/customer_id/x"}}, "record-attribute", "nothing declares", ""),
        ({"record": "/data"}, "record-attribute", "has a record at `/data`", ""),
        ({"attrs": {"customer": "/id"}}, "record-conflict", "is at `/customer_id` here", "it is at `/id` in `shop.getBooking`"),
        ({"read": "getBoking"}, "record-read", "no operation is named `getBoking`", "did you mean `getBooking`?"),
        ({"read": "putBooking"}, "record-read", "is a PUT", "a GET with a `resource`"),
        ({"read": "health"}, "record-read", "is not about a `Booking`", ""),
        ({"read": "listBookings"}, "record-read", "does not read one `Booking` by its id", ""),
    ],
)  # fmt: skip
def test_a_declaration_that_leads_nowhere(contract, good, resource, rule, words, hint):
    """Each is an error at the line of its own key, with a way on."""
    findings = found(contract(document(good, **resource)), rule)
    assert len(findings) == 1
    assert words in findings[0].message
    assert hint in findings[0].hint
    assert (findings[0].severity, findings[0].line > 1) == ("error", True)


@pytest.mark.parametrize(
    ("resource", "words", "hint"),
    [
        ({"items": "/itms"}, "has a list at `/itms`", "did you mean `/items`?"),
        ({"items": ""}, "has a list at ``", ""),
        ({"items": "/total"}, "has a list at `/total`", ""),
        ({"totals": ["/total", "/next"]}, "has a number at `/next`", ""),
        ({"totals": ["/tota"]}, "has a number at `/tota`", "did you mean `/total`?"),
    ],
)
def test_a_list_is_a_list(contract, good, resource, words, hint):
    """What is filtered is an array, what is lowered a number."""
    made = change(document(good), "get", "/bookings", **resource)
    (one,) = found(contract(made), "record-list")
    assert words in one.message
    assert hint in one.hint


def test_a_new_record_may_declare_what_only_its_request_shows(contract, good):
    """Attributes of a type are the union over all its operations."""
    made = document(good)
    made["components"]["schemas"]["New"] = {"properties": {"draft": {"type": "boolean"}}}
    made["paths"]["/bookings"]["post"] = {
        "operationId": "addBooking",
        "x-yett": {"resource": {"type": "Booking", "attrs": {"draft": "/draft"}}},
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/New"}}}},
    }  # fmt: skip
    assert not found(contract(made), "record-attribute")


def test_the_id_of_a_body_is_looked_for_in_the_request(contract, good):
    """`body./booking_id` is a field that the request declares."""
    made = change(document(good), "put", id="body./customer_id")
    assert not found(contract(made), "record-id")
    change(made, "put", id="body./customer")
    assert found(contract(made), "record-id")[0].hint == "did you mean `/customer_id`?"


def test_a_reference_names_a_type(contract, good):
    """Of a record or of people; in an example it is no reference."""
    made = document(good)
    properties = made["components"]["schemas"]["Booking"]["properties"]
    properties["parent"] = {"type": "string", "x-yett-ref": "Bookng"}
    properties["owner"] = {"type": "string", "x-yett-ref": "User"}
    made["components"]["schemas"]["Booking"]["example"] = {"x-yett-ref": "Nothing"}
    (one,) = found(contract(made), "reference-unknown")
    assert one.message == "nothing declares a `Bookng`"
    assert one.hint == "did you mean `Booking`?"


def test_a_class_is_in_the_vocabulary(contract, good):
    """When there is one: a misspelt class would be one more that nobody may see."""
    made = document(good)
    properties = made["components"]["schemas"]["Booking"]["properties"]
    properties["note"] = {"type": "string", "x-yett-class": "pi"}
    assert not found(contract(made), "class-unknown")
    config = CONFIG + '[vocabulary.classes]\npii = "names"\n'
    (one,) = found(contract(made, config), "class-unknown")
    assert (one.hint, one.severity) == ("did you mean `pii`?", "error")
