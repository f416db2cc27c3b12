"""Versions, places and pages of what is answered."""

from __future__ import annotations

import json

import pytest
from kit.accounts import NOW
from scim2_models import ResponseParameters

from yett.issuer.http import Ask
from yett.issuer.scim.answers import answered, check_match, listed, place, shown, version
from yett.issuer.scim.errors import ScimError
from yett.issuer.scim.models import Person

ALL = ResponseParameters[Person]()


def ask(method="GET", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Ask(method=method, path="/", now=NOW, headers=named)


def person():
    meta = {"location": "https://x/1", "version": version(3), "resourceType": "User"}
    return Person.model_validate({"id": "u_1", "userName": "ben", "meta": meta})


@pytest.mark.parametrize("field", ["", "*", 'W/"3"', '"3"', 'W/"1", W/"3"'])
def test_a_version_that_is_held_is_changed(field):
    """Weak or strong, one of several, or any."""
    check_match(ask(if_match=field) if field else ask(), 3)


@pytest.mark.parametrize("field", ['W/"2"', '"33"', "3x", 'W/"'])
def test_another_version_is_not(field):
    """412."""
    with pytest.raises(ScimError) as error:
        check_match(ask(if_match=field), 3)
    assert error.value.status == 412


def test_what_is_known_is_not_sent_again():
    """304 for a GET alone."""
    known = {"if_none_match": 'W/"3"'}
    assert answered(person(), ALL, ask(**known)).status == 304
    answer = answered(person(), ALL, ask("PATCH", **known), status=201)
    assert answer.status == 201
    assert dict(answer.headers)["etag"] == 'W/"3"'
    assert dict(answer.headers)["location"] == "https://x/1"


def test_a_page_says_how_many_there_are():
    """In all and here, with what was chosen to be shown."""
    chosen = ResponseParameters[Person].model_validate({"attributes": "userName"})
    body = json.loads(listed([person()], chosen, total=9, start=4).body)
    assert (body["totalResults"], body["startIndex"], body["itemsPerPage"]) == (9, 4, 1)
    assert set(body["Resources"][0]) == {"schemas", "id", "userName"}
    assert shown(person(), ALL)["meta"]["version"] == 'W/"3"'


def test_places_are_below_the_issuer(lives):
    """With its path."""
    url = place(lives.server, "/Users/u_1")
    assert url == "https://api.example.com/auth/scim/v2/Users/u_1"
