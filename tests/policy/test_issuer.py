"""The gate serves the own issuer below its path, and nowhere else."""

import msgspec
import pytest

from yett.contract.config import ApiConfig, Config
from yett.contract.identity_settings import BuiltinConfig, IdentityConfig
from yett.policy.issuer import ISSUER_API, issuer_base, issuer_operations, issuer_upstream
from yett.terms import Mode


def config(url=None):
    builtin = BuiltinConfig(url=url, audience="https://a.test") if url else None
    api = {"shop": ApiConfig(openapi="o.yaml", upstream="http://127.0.0.1:9")}
    return Config(api=api, identity=IdentityConfig(builtin=builtin))


@pytest.mark.parametrize("url", [None, "http://127.0.0.1:8090", "https://a.test/"])
def test_without_a_path_nothing_is_served(url):
    """An issuer on a host of its own is none of the gate's business."""
    assert issuer_base(config(url)) == ""
    assert list(issuer_operations(config(url))) == []
    assert issuer_upstream(config(url)) == {}


def test_how_often_one_address_may_ask_is_configured():
    """A back end that refreshes for thousands of people is one address; both prefixes share it."""
    builtin = BuiltinConfig(
        url="https://a.test/auth", audience="https://a.test", limits=("9000/min per ip",)
    )
    configured = msgspec.structs.replace(config(), identity=IdentityConfig(builtin=builtin))
    usual = {one.limits for one in issuer_operations(config("https://a.test/auth"))}
    more = {one.limits for one in issuer_operations(configured)}
    assert [limit.quota for (limit,) in usual] == [600]
    assert [limit.quota for (limit,) in more] == [9000]


def test_below_its_path_everything_goes_to_the_control_process():
    """Two prefixes: its own, and where RFC 8414 puts its metadata; limited, never read."""
    served = list(issuer_operations(config("https://a.test/auth")))
    assert [one.template for one in served] == [
        "/auth",
        "/.well-known/oauth-authorization-server/auth",
    ]
    assert all(one.limits and one.pages and one.public and one.stream_request for one in served)
    assert all(mode is Mode.ENFORCE for one in served for mode in one.modes.values())
    upstream = issuer_upstream(config("https://a.test/auth"))[ISSUER_API]
    assert (upstream.scheme, upstream.host, upstream.port) == ("http", "127.0.0.1", 8090)
