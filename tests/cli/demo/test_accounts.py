from __future__ import annotations

import json

import pytest

from yett.cli.demo.accounts import AccountError, Client, Desk, Person, basic
from yett.cli.demo.proofs import Holder

ANSWER = b"HTTP/1.1 %b\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b"


def answered(status, **said):
    body = json.dumps(said).encode()
    return ANSWER % (status, len(body), body)


def test_a_client_shows_its_secret_and_its_key(server):
    """A service's token is asked for with its secret and a proof for the token endpoint."""
    port, heard, _ = server(answered(b"200 OK", access_token="t1"))
    desk = Desk(port)
    assert desk.own_token(Client("s_1", "shh"), Holder()) == "t1"
    assert heard[0].startswith(b"POST /auth/token ")
    assert b"Basic c18xOnNoaA==" in heard[0]
    assert b"dpop: ey" in heard[0]
    assert desk.sent == 1
    assert basic(Client("s_1", "shh"))[1] == "Basic c18xOnNoaA=="


def test_what_is_refused_ends_the_demo(server):
    """An issuer that does not do its part is named, with what it said."""
    port, _, _ = server(answered(b"400 Bad Request", error="invalid_grant"))
    with pytest.raises(AccountError, match=r"/auth/token answered 400.*invalid_grant"):
        Desk(port).refresh(Client("c", "s"), "r")


def test_a_page_without_the_form_ends_the_demo(server):
    """An invitation that is over leads to no form."""
    port, _, _ = server(ANSWER % (b"403 Forbidden", 4, b"over"))
    with pytest.raises(AccountError, match="no form for /enrol"):
        Person(port).enrol(f"http://localhost:{port}/auth/enrol#secret")
