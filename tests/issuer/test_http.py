"""Answers are complete, kept by nobody, and send a browser on exactly once."""

import json

from yett.issuer.http import json_answer, redirect


def test_json_is_kept_by_no_cache():
    """RFC 6749 s5.1: whatever carries a token says `no-store`."""
    answer = json_answer({"a": "é"}, 201, ("dpop-nonce", "n"))
    assert answer.status == 201
    assert dict(answer.headers) == {
        "content-type": "application/json",
        "cache-control": "no-store",
        "dpop-nonce": "n",
    }
    assert json.loads(answer.body) == {"a": "é"}


def test_a_redirect_never_repeats_a_post():
    """303, whatever came in (RFC 9700 s4.12); parameters are encoded and join those there are."""
    answer = redirect("https://a.test/cb?x=1", {"code": "a b&c", "state": "é\r\nset-cookie: x"})
    assert answer.status == 303
    assert dict(answer.headers)["location"] == (
        "https://a.test/cb?x=1&code=a+b%26c&state=%C3%A9%0D%0Aset-cookie%3A+x"
    )
    assert dict(redirect("https://a.test/cb").headers)["location"] == "https://a.test/cb"
