"""The fields every answer carries."""

from __future__ import annotations

import msgspec
from kit.engine import ENFORCED, operation, program, request

from yett.contract.config import CorsConfig
from yett.engine import response
from yett.policy.model import Limit
from yett.terms import Mode

CORS = CorsConfig(origins=("https://app.test",))


def lines(block):
    assert block.endswith(b"\r\n")
    return block.split(b"\r\n")[:-1]


def test_every_answer_carries_the_block_once(run):
    """A refusal before any operation is known still has the security fields."""
    _, x, _ = run(program(operation()), request("/nothing"))
    names = [line.partition(b":")[0] for line in lines(response.fields(x, 404))]
    assert len(names) == len(set(names))
    assert {b"cache-control", b"content-security-policy", b"yett-request-id"} <= set(names)
    assert b"strict-transport-security" not in names


def test_hsts_over_tls_only(run):
    """RFC 6797 s7.2: the field is not sent over plain HTTP."""
    wanted = msgspec.structs.replace(request(), secure=True)
    _, x, _ = run(program(operation()), wanted)
    assert b"strict-transport-security: max-age=63072000" in response.fields(x, 200)


def test_the_operation_may_set_its_own_caching(run):
    """`cache: true` leaves Cache-Control to the service, but not for its failures."""
    _, x, _ = run(program(operation(cache=True)), request(authorization=b"Bearer good"))
    assert b"no-store" not in response.fields(x, 200)
    assert b"no-store" in response.fields(x, 500)


def test_cors_fields_for_an_allowed_origin_only(run):
    """An unknown origin gets `Vary` and nothing that opens the answer to it."""
    bound = program(operation(), cors=CORS)
    _, x, _ = run(bound, request(authorization=b"Bearer good", origin=b"https://app.test"))
    opened = response.fields(x, 200)
    assert b"access-control-allow-origin: https://app.test\r\n" in opened
    assert b"cross-origin-resource-policy: cross-origin" in opened
    for origin in (b"https://app.test.evil", b"null", b"http://app.test"):
        _, x, _ = run(bound, request(authorization=b"Bearer good", origin=origin))
        closed = response.fields(x, 200)
        assert b"access-control" not in closed
        assert b"vary: Origin\r\n" in closed
        assert b"cross-origin-resource-policy: same-origin" in closed


def test_limits_are_told(run):
    """What was counted is rendered for the client."""
    limit = Limit("default-0", 10, 60, "principal")
    _, x, _ = run(program(operation(limits=(limit,))), request(authorization=b"Bearer good"))
    assert b'ratelimit: "default-0";r=9;t=60\r\n' in response.fields(x, 200)


def test_a_failing_service_is_scrubbed(run):
    """Stack traces of a service stay inside unless the rule says otherwise."""
    _, x, _ = run(program(operation()), request(authorization=b"Bearer good"))
    assert response.scrubbed(x, 500)
    assert not response.scrubbed(x, 404)
    lax = operation(modes=ENFORCED | {"response_headers": Mode.OBSERVE})
    _, x, _ = run(program(lax), request(authorization=b"Bearer good"))
    assert not response.scrubbed(x, 500)
