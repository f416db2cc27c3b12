"""Rules that could not refuse anything cannot be built."""

from __future__ import annotations

import pytest

from yett.credentials.rules import JwtRules, RulesError

FIXED = {"issuer": "https://a", "audience": "b", "algorithms": ("ES256",)}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"issuer": ""}, "an issuer needs `url`, `audience` and `types`"),
        ({"audience": ""}, "an issuer needs `url`, `audience` and `types`"),
        ({"types": ()}, "an issuer needs `url`, `audience` and `types`"),
        ({"algorithms": ()}, "`algorithms` is empty"),
        ({"algorithms": ("none",)}, "`none` is not an algorithm"),
        ({"algorithms": ("es256",)}, "`es256` is not an algorithm"),
        ({"algorithms": ("ES256K",)}, "`ES256K` is not an algorithm"),
        ({"algorithms": ("ES256", "HS256")}, "symmetric and asymmetric algorithms cannot be mixed"),
        ({"skew": -1}, "`skew` must be between 0 and 300 seconds"),
        ({"skew": 301}, "`skew` must be between 0 and 300 seconds"),
        ({"skew": float("nan")}, "`skew` must be between 0 and 300 seconds"),
    ],
)
def test_half_secure_rules_are_refused(changed, message):
    """Each check has the value it needs or the rules do not exist."""
    with pytest.raises(RulesError) as caught:
        JwtRules(**{**FIXED, **changed})
    assert caught.value.message == message


def test_types_are_compared_folded():
    """Case and `application/` do not count; no type is accepted only when named."""
    rules = JwtRules(**FIXED, types=("application/AT+JWT",))
    assert rules.accepts_type("at+jwt")
    assert not rules.accepts_type("")
    assert JwtRules(**FIXED, types=("at+jwt", "")).accepts_type("")
