"""Step 2: preflights are answered at the gate, from the contract."""

from __future__ import annotations

import pytest
from kit.engine import operation, program, request

from yett.contract.config import CorsConfig
from yett.terms import Mode, Verdict

CORS = CorsConfig(origins=("https://app.test",), headers=("authorization", "x-trace"))


def preflight(run, target="/things/7", origin=b"https://app.test", method=b"GET", asked=None):
    headers = {"origin": origin, "access_control_request_method": method}
    if asked is not None:
        headers["access_control_request_headers"] = asked
    bound = program(operation(), operation("DELETE"), cors=CORS)
    return run(bound, request(target, method="OPTIONS", **headers))


def test_a_good_preflight_is_answered_without_the_service(run):
    """The answer names declared methods and allowed fields; no credential is needed."""
    decision, x, _ = preflight(run, asked=b"Authorization,  X-Trace")
    assert decision.verdict is Verdict.ALLOW
    assert decision.forward is None
    status, fields = decision.reply
    assert status == 204
    assert (b"access-control-allow-methods", b"DELETE, GET") in fields
    assert b"access-control-allow-origin: https://app.test" in x.cors


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"origin": b"https://evil.test"}, "origin-not-allowed"),
        ({"origin": b"null"}, "origin-not-allowed"),
        ({"origin": b"https://app.test/"}, "origin-not-allowed"),
        ({"method": b"PATCH"}, "undeclared-method"),
        ({"method": b"get"}, "undeclared-method"),
        ({"method": b"\xff"}, "undeclared-method"),
        ({"target": "/nothing"}, "undeclared-path"),
        ({"asked": b"x-other"}, "origin-not-allowed"),
        ({"asked": b"*"}, "origin-not-allowed"),
    ],
)
def test_other_preflights_are_refused_without_cors_fields(run, change, code):
    """A refused preflight opens nothing."""
    decision, x, _ = preflight(run, **change)
    assert decision.problem.code == code
    assert x.cors == b""


def test_a_source_that_failed_too_often_gets_no_preflight(run, view):
    """Paths cannot be guessed by preflights without end, and a refusal of one counts."""
    assert preflight(run, target="/nothing")[0].problem.code == "undeclared-path"
    assert sum(view.failures.values()) == 1
    view.wait = 9.0
    assert preflight(run)[0].problem.code == "abnormal-usage-detected"
    assert sum(view.failures.values()) == 1


def test_the_service_answers_browsers_while_the_rule_observes(run):
    """Then a preflight is a request like any other, and no CORS field is the gate's."""
    from_page = {"origin": b"https://app.test", "access_control_request_method": b"GET"}
    bound = program(operation(), cors=CORS, rules={"cors": Mode.OBSERVE})
    decision, x, _ = run(bound, request(method="OPTIONS", **from_page))
    assert decision.problem.code == "undeclared-method"
    own = program(operation("OPTIONS", public=True), cors=CORS, rules={"cors": Mode.OFF})
    decision, x, _ = run(own, request(method="OPTIONS", **from_page))
    assert decision.forward is not None
    assert x.cors == b""


def test_plain_options_is_an_undeclared_method(run):
    """OPTIONS without the preflight fields is a method like others."""
    decision, _, _ = run(program(operation()), request(method="OPTIONS", origin=b"https://a.test"))
    assert decision.problem.code == "undeclared-method"


def test_the_issuer_says_itself_who_may_read_it(run):
    """What the gate allows an origin to read of the API is not allowed of the issuer's pages."""
    pages = operation("GET", "/account", public=True, security=None, pages=True)
    cors = CorsConfig(origins=("https://app.example",), credentials=True)
    _, x, _ = run(program(pages, cors=cors), request("/account", origin=b"https://app.example"))
    assert x.cors == b""
