"""The attacks on records are what they say: good tokens, fitting requests, somebody else's record."""

from __future__ import annotations

from yett.cli.demo.attacks_records import MOMENTS, RECORDS

ATTACKS = (*RECORDS.attacks, *MOMENTS.attacks)


def test_each_is_made_with_a_good_credential():
    """Only a rule on records can stop them: nobody is anonymous, nobody forges."""
    assert {attack.ask.who for attack in ATTACKS} == {"ada", "ben"}


def test_each_names_its_refusal_and_its_harm():
    """A row without a promised reason, or without a loss, would prove nothing."""
    for attack in ATTACKS:
        assert attack.code or attack.keeps
        assert attack.loss
        assert attack.threat in {"API1", "API3", "API6"}
