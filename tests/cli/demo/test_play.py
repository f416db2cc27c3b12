from __future__ import annotations

from pathlib import Path

import pytest

from yett.cli.demo.attack import Attack
from yett.cli.demo.holes import Hole
from yett.cli.demo.play import Player, Probed, Struck, Visited, statuses
from yett.cli.demo.stage import Stage
from yett.cli.demo.traffic import Answer, Ask
from yett.cli.demo.visits import Visit

PROBLEM = (("content-type", "application/problem+json"),)


def refused(code, status=400, **more):
    return Answer(
        status=status,
        head=PROBLEM,
        body=b'{"type":"https://yett.dev/problems/%s"}' % code.encode(),
        answers=1,
        **more,
    )


def attack(**fields):
    return Attack(says="x", ask=Ask(target="/"), **fields)


def test_stopped_needs_the_promised_code():
    """Another code than the promised one is not good enough."""
    wanted = attack(code="body-invalid")
    assert Struck(wanted, (refused("body-invalid"),), Answer()).stopped
    assert not Struck(wanted, (refused("body-missing"),), Answer()).stopped
    assert not Struck(wanted, (Answer(),), Answer()).stopped


def test_a_second_answer_is_not_stopped():
    """Two answers on one connection mean that a hidden request got through."""
    twice = Answer(status=400, head=PROBLEM, body=refused("body-invalid").body, answers=2)
    assert not Struck(attack(code="body-invalid"), (twice,), Answer()).stopped


def test_a_leak_in_any_answer_is_not_stopped():
    """What must be kept back must be in none of the answers."""
    leak = Answer(status=200, head=(("x-powered-by", "a"),), answers=1)
    clean = Answer(status=200, answers=1)
    wanted = attack(keeps=(b"x-powered-by",))
    assert Struck(wanted, (clean,), leak).stopped
    assert not Struck(wanted, (leak, clean), leak).stopped


@pytest.mark.parametrize(
    ("fields", "alone", "expected"),
    [
        ({"harm": b"hash", "loss": "l"}, Answer(status=200, body=b"HASH"), True),
        ({"harm": b"hash", "loss": "l"}, Answer(status=200), False),
        ({"loss": "l"}, Answer(status=204), True),
        ({"loss": "l"}, Answer(status=403), False),
        ({}, Answer(status=200), False),
        ({"loss": "l", "slow": True}, Answer(), True),
    ],
)
def test_harm_is_proven_by_the_answer_of_the_portal_alone(fields, alone, expected):
    """Harm is claimed only where the answer shows it."""
    assert Struck(attack(**fields), (Answer(),), alone).harmed is expected


def test_a_visit_passes_with_its_status_and_its_text():
    """An honest request needs the status, the content and, for a stream, pieces as they come."""
    visit = Visit(says="x", ask=Ask(target="/"), sees=b"hi", streams=True)
    assert Visited(visit, Answer(status=200, body=b"hi", first_byte=0.1, seconds=1.0)).passed
    assert not Visited(visit, Answer(status=200, body=b"hi", first_byte=0.9, seconds=1.0)).passed
    assert not Visited(visit, Answer(status=200, body=b"", first_byte=0.1, seconds=1.0)).passed
    assert not Visited(visit, Answer(status=201, body=b"hi", first_byte=0.1, seconds=1.0)).passed


def test_a_hole_is_open_while_the_harm_shows():
    """A hole closes by itself when a later rule stops it."""
    hole = Hole(says="x", ask=Ask(target="/"), harm=b"Okri", closes="y", threat="API1")
    assert Probed(hole, Answer(body=b"Mrs Okri")).open
    assert not Probed(hole, refused("scope-missing", 403)).open


def test_what_was_revoked_is_sent_until_it_is_refused(server):
    """What passed before is counted as having arrived; the last answer is judged."""
    passed, over = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        (b"HTTP/1.1 401 X\r\nContent-Length: 0\r\n\r\n"),
    )
    gate, _, _ = server(passed, passed, over)
    stage = Stage(contract=Path(), gate=gate, portal=0, alone=0, arrivals=Path(), people={})
    player = Player(stage)
    found = player.strike(attack(soon=True, twin=False))
    player.close()
    assert [answer.status for answer in found.gate] == [200, 200, 401]
    assert (found.arrives, player.sent) == (2, 3)
    assert found.alone == Answer()


def test_what_one_answer_names_the_next_request_repeats(server):
    """Details to confirm are kept as JSON; holes in targets, fields and bodies are filled."""
    body = b'{"approval": "a1", "authorization_details": [{"digest": "d"}]}'
    head = b"HTTP/1.1 403 X\r\nContent-Type: application/problem+json\r\nContent-Length: %d\r\n\r\n"
    gate, heard, _ = server(head % len(body) + body, head % 2 + b"{}")
    stage = Stage(contract=Path(), gate=gate, portal=0, alone=0, arrivals=Path(), people={})
    player = Player(stage)
    player.visit(Visit(says="x", ask=Ask(target="/")))
    details = Ask(target="/{approval}", headers=(("x-a", "{authorization_details}"),))
    player.visit(Visit(says="y", ask=details))
    player.close()
    assert heard[1].startswith(b"GET /a1 ")
    assert b'x-a: [{"digest": "d"}]' in heard[1]


def test_statuses_are_folded():
    """Runs of a status are written once."""
    seen = tuple(Answer(status=status) for status in (200, 200, 200, 429, 200))
    assert statuses(seen) == "200 x3, 429, 200"
    assert statuses(seen[:1]) == "200"


def test_player_sends_the_same_bytes_to_both(server):
    """The gate and the portal alone get the same request; only the gate's are counted."""
    gate, at_gate, _ = server(
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" * 1,
        b"HTTP/1.1 429 X\r\nContent-Length: 0\r\n\r\n",
    )
    alone, at_alone, _ = server(*[b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"] * 2)
    stage = Stage(
        contract=Path(),
        gate=gate,
        portal=0,
        alone=alone,
        arrivals=Path(),
        people={"ada": ("a", "b")},
    )
    player = Player(stage)
    slow = Attack(says="slow", ask=Ask(target="/x", who="ada"), times=2, slow=True)
    player.begin((slow,))
    result = player.strike(slow)
    player.close()
    assert [answer.status for answer in result.gate] == [200, 429]
    strip = [
        text.replace(str(gate).encode(), b"").replace(str(alone).encode(), b"")
        for text in at_gate + at_alone
    ]
    assert len(set(strip)) == 1
    assert player.sent == 2
