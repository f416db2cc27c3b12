import pytest

from yett.contract.lint import lint


def rules(contract, document):
    return {f.rule: f for f in lint(contract(document))}


def with_body(good, schema, media_type="application/json"):
    good["paths"]["/bookings/{id}"]["put"]["requestBody"]["content"] = {
        media_type: {"schema": schema}
    }
    return good


def test_parameters_that_differ_only_in_case(contract, good):
    """A service that ignores case reads one of them."""
    good["paths"]["/health"]["get"]["parameters"] = [
        {"name": name, "in": "query", "schema": {"type": "integer"}}
        for name in ("userId", "userid")
    ]
    assert "`userId` and `userid`" in rules(contract, good)["parameter-case"].message


def test_a_range_beside_its_member(contract, good):
    """`*/*` and `application/json`: the exact one wins."""
    with_body(good, {}, "*/*")["paths"]["/bookings/{id}"]["put"]["requestBody"]["content"][
        "application/json"
    ] = {}
    assert "media-type-ambiguous" in rules(contract, good)


@pytest.mark.parametrize(
    ("media_type", "found"),
    [
        ("application/xml", True),
        ("application/octet-stream", True),
        ("image/*", True),
        ("application/vnd.a+json", False),
        ("multipart/form-data", False),
        ("text/plain", False),
    ],
)
def test_bodies_without_a_reader_are_named(contract, good, media_type, found):
    """Unless the team says that they are streamed."""
    assert (
        "body-unread"
        in rules(contract, with_body(good, {"type": "string", "maxLength": 1}, media_type))
    ) is found
    good["paths"]["/bookings/{id}"]["put"]["x-yett"] = {"stream": "request"}
    assert "body-unread" not in rules(contract, good)


def test_servers_that_are_not_used(contract, good):
    """A second prefix, or a server of an operation's own."""
    good["servers"].append({"url": "https://api.example.com/v2"})
    assert "`shop` is served under `/v1` only" in rules(contract, good)["server-ignored"].message
    good["servers"].pop()
    assert "server-ignored" not in rules(contract, good)
    good["paths"]["/health"]["get"]["servers"] = [{"url": "https://other"}]
    assert rules(contract, good)["server-ignored"].subject == "shop.health"
