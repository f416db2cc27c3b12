from __future__ import annotations

import re

from yett.cli.demo.attack import ATTACKER, get, raw, write
from yett.cli.demo.attacks import ACTS
from yett.cli.demo.holes import HOLES
from yett.cli.demo.house import PEOPLE
from yett.cli.demo.people import Issuer, credentials
from yett.cli.demo.play import CONFIRMED
from yett.cli.demo.visits import VISITS
from yett.problems import KINDS

SIGNED_IN = ("ada's browser", "ada's phone", "portal web", "revenue report", "token thief")
ATTACKS = [attack for act in ACTS for attack in act.attacks]


def test_builders_come_from_the_attackers_address():
    """Attackers have their own address, so that they do not slow customers down."""
    asks = [get("/"), write("POST", "/", b""), raw(b"x")]
    assert {ask.source for ask in asks} == {ATTACKER}
    assert get("/", sec_fetch_site="none").headers == (("sec-fetch-site", "none"),)


def test_there_are_many_and_each_has_its_name():
    """At least forty attacks, none told twice."""
    assert len(ATTACKS) >= 40
    assert len({attack.says for attack in ATTACKS}) == len(ATTACKS)


def test_each_names_a_problem_that_exists_or_what_it_keeps():
    """An attack is stopped by a known code, or its answer is made harmless."""
    codes = {"invalid_grant", *(kind.code for kind in KINDS)}
    for attack in ATTACKS:
        assert attack.code in codes or (not attack.code and attack.keeps), attack.says
        assert re.fullmatch(r"API([1-9]|10)", attack.threat)
        assert not attack.harm or attack.loss, attack.says
        # Three times where a customer and a record are read before the request goes on.
        assert 0 <= attack.arrives <= 3 * attack.times


def test_everybody_named_has_a_credential():
    """Each `who` of the tables is in the cast."""
    cast = credentials(Issuer(), accounting="a" * 40, kiosk="b")
    asks = [entry.ask for entry in (*ATTACKS, *VISITS, *HOLES)]
    signed_in = {*PEOPLE, CONFIRMED, *SIGNED_IN}
    assert {ask.who for ask in asks} <= {"", *cast, *signed_in}
