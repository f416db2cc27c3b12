"""From a contract folder to a policy: what each setting becomes, and what is refused whole."""

from __future__ import annotations

import json

import pytest

from yett.contract.errors import ContractError
from yett.contract.load import load
from yett.policy.compile import compile_policy, parse_upstream, weaker
from yett.policy.model import RULES
from yett.policy.rules import ROUTE_CROSSING
from yett.terms import Mode

OPEN = {"responses": {"200": {"description": "ok"}}, "security": [{}]}
TOML = '[api.x]\nopenapi = "openapi.json"\nupstream = "http://127.0.0.1:9"\n'


@pytest.fixture
def build(tmp_path):
    """Compile a contract of these paths; `toml` is added to a minimal yett.toml."""

    def make(paths, toml="", **document):
        text = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths}
        (tmp_path / "openapi.json").write_text(json.dumps({**text, **document}))
        (tmp_path / "yett.toml").write_text(TOML + toml)
        return compile_policy(load(tmp_path))

    return make


def get(**settings):
    return {"get": {**OPEN, "x-yett": settings}}


def test_settings_of_an_operation_arrive(build):
    """Each key of `x-yett` is what the engine will read."""
    policy = build(
        {
            "/a": get(
                cost=3,
                concurrency=2,
                max_body=99,
                timeout=4,
                stream="both",
                public=True,
                cache=True,
            )
        }
    )
    (one,) = policy.operations
    assert (one.cost, one.concurrency, one.max_body, one.timeout) == (3, 2, 99, 4)
    assert (one.stream_request, one.stream_response, one.public, one.cache) == (True,) * 4
    assert (one.websocket, one.idempotent, one.sensitive) == (False,) * 3


def test_what_is_not_set_comes_from_the_gateway(build):
    """Defaults of `[gateway]` and `[limits]` fill the gaps, under shared names."""
    toml = (
        '[gateway]\nmax_body = 77\nupstream_timeout = 5.0\n[limits]\ndefault = ["9/min per ip"]\n'
    )
    (one,) = build({"/a": get()}, toml).operations
    assert (one.max_body, one.timeout) == (77, 5.0)
    assert [(limit.name, limit.quota, limit.shared) for limit in one.limits] == [
        ("default-0", 9, "")
    ]


def test_a_limit_of_its_own_replaces_the_defaults(build):
    """An operation's limit counts that operation alone; an empty list means none."""
    policy = build({"/a": get(limit=["2/min per principal"]), "/b": get(limit=[])})
    first, second = policy.operations
    assert [(limit.name, limit.shared) for limit in first.limits] == [("operation-0", first.id)]
    assert second.limits == ()


def test_every_rule_has_a_mode(build):
    """The gateway's mode, a rule's own, an operation's own: the nearest one counts."""
    toml = '[gateway]\nmode = "observe"\n[rules]\ncors = "enforce"\n'
    (one,) = [
        o
        for o in build({"/a": get(modes={"injection": "off"})}, toml).operations
        if o.method == "GET"
    ]
    assert set(one.modes) == set(RULES)
    assert (one.modes["cors"], one.modes["injection"]) == (Mode.ENFORCE, Mode.OFF)
    assert one.modes["scopes"] is Mode.OBSERVE


@pytest.mark.parametrize(("mode", "expected"), [("enforce", 0), ("observe", 1), ("off", 1)])
def test_undeclared_paths_pass_only_where_the_route_rule_lets_them(build, mode, expected):
    """The operation that stands for everything exists only when the rule is not enforced."""
    policy = build({"/a": get()}, f'[rules]\nroute = "{mode}"\n')
    assert sum(o.id == "x.undeclared" for o in policy.operations) == expected
    assert (policy.router.fallback(("b",)) is not None) is bool(expected)


def test_two_templates_for_one_path_are_refused_with_a_place(build):
    """Two names for one path leave no single operation: no policy at all."""
    with pytest.raises(ContractError) as caught:
        build(
            {
                "/a/{x}": {**get(), "parameters": [_path("x")]},
                "/a/{y}": {**get(), "parameters": [_path("y")]},
            }
        )
    (finding,) = [f for f in caught.value.findings if f.severity == "error"]
    assert finding.rule == "route-conflict"
    assert finding.path.endswith("openapi.json")
    assert finding.hint


def test_crossing_templates_are_a_warning_that_is_kept(build):
    """Paths that match two templates are said, and the policy stands."""
    policy = build(
        {
            "/a/{x}/c": {**get(), "parameters": [_path("x")]},
            "/a/b/{y}": {**get(), "parameters": [_path("y")]},
        }
    )
    assert [remark.rule for remark in policy.remarks] == [ROUTE_CROSSING]


def test_each_operation_is_found_by_its_own_path(build):
    """The router leads to what was compiled."""
    policy = build({"/a/{x}": {**get(), "parameters": [_path("x")]}, "/a/b": get()})
    node, arguments = policy.router.find(("a", "b"))
    assert (node.leaves["GET"].template, arguments) == ("/a/b", ())
    node, arguments = policy.router.find(("a", "c"))
    assert (node.leaves["GET"].template, arguments) == ("/a/{x}", ("c",))


def test_the_digest_names_the_contract(build):
    """Another contract has another name in the records."""
    assert build({"/a": get()}).digest != build({"/b": get()}).digest


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://h", ("http", "h", 80)),
        ("https://h", ("https", "h", 443)),
        ("http://[::1]:81", ("http", "::1", 81)),
    ],
)
def test_upstreams_have_a_port(url, expected):
    """The scheme's port where none is given."""
    found = parse_upstream("x", url)
    assert (found.scheme, found.host, found.port) == expected


def test_the_weaker_mode_is_the_less_strict():
    """`off` is weaker than `observe`, which is weaker than `enforce`, in either order."""
    assert weaker(Mode.ENFORCE, Mode.OBSERVE) is weaker(Mode.OBSERVE, Mode.ENFORCE) is Mode.OBSERVE
    assert weaker(Mode.OFF, Mode.OBSERVE) is Mode.OFF


def _path(name):
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ('body = "observe"', ["`injection` is `enforce` where `body` is `observe`"]),
        ('parameters = "off"', ["`injection` is `enforce` where `parameters` is `off`"]),
        ('body = "observe"\nparameters = "observe"\ninjection = "observe"', []),
        ('body = "off"\ninjection = "off"', []),
        ("", []),
    ],
)
def test_a_search_that_sees_only_what_fits_is_said(build, rules, found):
    """What a weaker rule lets through unread is not searched: nobody should think it is."""
    body = {"required": True, "content": {"application/json": {"schema": {"type": "string"}}}}
    query = {"name": "q", "in": "query", "schema": {"type": "string"}}
    paths = {"/a": {"post": {**OPEN, "requestBody": body, "parameters": [query]}}}
    assert [r.message for r in build(paths, f"[rules]\n{rules}\n").remarks] == found


def test_fields_of_credentials_are_those_of_one_api(build):
    """What no operation of the API takes a credential from is the service's own affair."""
    schemes = {
        "token": {"type": "http", "scheme": "bearer"},
        "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "unused": {"type": "apiKey", "in": "header", "name": "X-Other"},
    }
    paths = {f"/{name}": {"get": {**OPEN, "security": [{name: []}]}} for name in ("token", "key")}
    policy = build(paths, components={"securitySchemes": schemes})
    assert policy.credential_fields == {"x": frozenset({b"authorization", b"x-key"})}
