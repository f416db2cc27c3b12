"""What a reload takes along: what was shown always, attributes while they mean the same."""

from __future__ import annotations

from msgspec.structs import replace

from yett.contract.config import ApiConfig, AuthzConfig, Config, PrincipalConfig
from yett.state.knowledge import Knowledge

CONFIG = Config(api={"a": ApiConfig(upstream="http://127.0.0.1:1")})


def test_a_reload_keeps_what_was_shown_and_said():
    """The same settings go on with the same stores."""
    before = Knowledge.from_config(CONFIG)
    before.seen.saw("u", ("b",), 100.0)
    before.enriched.enrich("t", {"a": "x"}, 200.0)
    after = Knowledge.from_config(CONFIG, before)
    assert after.seen.seen("u", "b", 101.0)
    assert after.enriched.enriched("t", 101.0) == {"a": "x"}
    after.seen.saw("u", ("c",), 100.0)
    assert before.seen.seen("u", "c", 101.0)


def test_another_mapping_of_principals_forgets_attributes():
    """What an answer meant under other settings is not used under these."""
    before = Knowledge.from_config(CONFIG)
    before.enriched.enrich("t", {"a": "x"}, 200.0)
    after = Knowledge.from_config(replace(CONFIG, principal=PrincipalConfig(type="P")), before)
    assert after.enriched.enriched("t", 101.0) is None


def test_a_reload_takes_new_times_and_rates():
    """`seen_ttl` and `sample` of the new contract count from now on."""
    before = Knowledge.from_config(CONFIG)
    authz = AuthzConfig(sample=7, seen_ttl=5.0)
    after = Knowledge.from_config(replace(CONFIG, authz=authz), before)
    assert (after.samples.every, after.seen.ttl) == (7, 5.0)
    assert before.seen.ttl == AuthzConfig().seen_ttl
