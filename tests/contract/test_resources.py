import msgspec
import pytest

from yett.contract.extension_forms import ResourceForm
from yett.contract.model import Resource
from yett.contract.places import Source
from yett.contract.report import Report
from yett.contract.resources import read_resource, split_id


def resource(**value):
    report = Report()
    form = msgspec.convert({"type": "Booking"} | value, ResourceForm)
    found = read_resource(form, Source("o.yaml", 1, pointer=("r",)), report)
    return found, [(remark.source.pointer, remark.message) for remark in report.remarks]


def test_every_key_reaches_the_model():
    """What is written is what later rooms see."""
    value = {
        "id": "path.booking_id",
        "record": "/data",
        "attrs": {"customer": "/customer/id", "a_b": "/a~1b"},
        "key": "/number",
        "read": "getBooking",
        "items": "/items",
        "totals": ("/total", "/page/count"),
        "strict": True,
        "closed": True,
    }
    found, mistakes = resource(**value)
    assert found == Resource(type="Booking", **value)
    assert mistakes == []


def test_nothing_said_is_no_record():
    """An operation without `resource` is about none."""
    assert read_resource(None, Source(), Report()) is None


def test_an_answer_that_is_a_list_is_said_with_an_empty_pointer():
    """`items: ""` is the whole answer, absent `items` is one record."""
    assert resource(items="")[0].items == ""
    assert resource()[0].items is None


@pytest.mark.parametrize(
    ("value", "where", "words"),
    [
        ({"type": "Booking v2"}, "type", "not a name that Cedar takes"),
        ({"type": "Role"}, "type", "has taken"),
        ({"id": "booking_id"}, "id", "no place of the request"),
        ({"id": "path."}, "id", "no place of the request"),
        ({"id": "form.x"}, "id", "no place of the request"),
        ({"id": "body.x"}, "id", "no place of the request"),
        ({"id": "body./a~2"}, "id", "not a JSON pointer"),
        ({"attrs": {"customer-id": "/x"}}, "attrs", "not a name that Cedar takes"),
        ({"attrs": {"in": "/x"}}, "attrs", "not a name that Cedar takes"),
        ({"attrs": {"x": "customer_id"}}, "attrs", "`customer_id` is not a JSON pointer"),
        ({"attrs": {"x": ""}}, "attrs", "not a JSON pointer"),
        ({"record": "data"}, "record", "not a JSON pointer"),
        ({"key": ""}, "key", "not a JSON pointer"),
        ({"items": "items"}, "items", "not a JSON pointer"),
        ({"items": "/i", "totals": ["total"]}, "totals", "not a JSON pointer"),
        ({"totals": ["/total"]}, "totals", "there is no `items`"),
        ({"strict": True}, "strict", "there is no `items`"),
        ({"closed": True}, "closed", "there is no `id`"),
    ],
)
def test_a_mistake_has_its_place(value, where, words):
    """A record that is half understood is none."""
    (mistake,) = resource(**value)[1]
    assert mistake[0][:2] == ("r", where)
    assert words in mistake[1]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("path.id", ("path", "id")),
        ("query.filter.id", ("query", "filter.id")),
        ("header.X-Id", ("header", "X-Id")),
        ("cookie.c", ("cookie", "c")),
        ("body./a/b", ("body", "/a/b")),
        ("body.a", ("", "")),
        ("", ("", "")),
    ],
)
def test_an_id_is_a_place_and_a_name(text, parts):
    """Names may have dots; a body is pointed into."""
    assert split_id(text) == parts
