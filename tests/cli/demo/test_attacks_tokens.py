"""What is stolen is used from an address of its own, and each row says what it would have cost."""

from __future__ import annotations

from yett.cli.demo.attacks_tokens import MONEY, THIEF, TOKENS

ATTACKS = (*MONEY.attacks, *TOKENS.attacks)


def test_each_names_its_refusal_and_its_harm():
    """Only what the portal alone has no place for is without a loss."""
    for attack in ATTACKS:
        assert attack.code
        assert bool(attack.loss) is attack.twin
        assert attack.threat in {"API2", "API6"}


def test_thieves_slow_nobody_else_down():
    """Failures count against the source; those of this act have one of their own."""
    assert {attack.ask.source for attack in TOKENS.attacks if attack.ask.method == "GET"} == {THIEF}


def test_what_is_revoked_is_asked_until_it_is_refused():
    """A revocation takes up to a second; only such rows may pass before."""
    soon = [attack for attack in ATTACKS if attack.soon]
    assert {attack.code for attack in soon} == {"credential-revoked"}
    assert [attack.first[:2] for attack in soon if attack.first] == [("user", "disable")]
