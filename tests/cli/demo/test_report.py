from __future__ import annotations

import io

import pytest
from rich.console import Console

from yett.cli.demo import report
from yett.cli.demo.attack import Attack
from yett.cli.demo.holes import HOLES
from yett.cli.demo.play import Probed, Struck, Visited
from yett.cli.demo.traffic import Answer, Ask
from yett.cli.demo.visits import VISITS


@pytest.fixture
def console():
    return Console(file=io.StringIO(), no_color=True, highlight=False, soft_wrap=True, width=110)


def said(console):
    return console.file.getvalue()


def test_an_attack_is_told_with_reason_and_cost(console):
    """Three lines: what, why it failed, what it would have cost."""
    attack = Attack(
        says="promote yourself",
        ask=Ask(method="PATCH", target="/me"),
        code="body-invalid",
        harm=b"admin",
        loss="an admin account",
        threat="API3",
    )
    body = b'{"type":"https://yett.dev/problems/body-invalid","detail":"no such value","pointer":"/role"}'
    gate = Answer(
        status=422, head=(("content-type", "application/problem+json"),), body=body, answers=1
    )
    report.struck(console, Struck(attack, (gate,), Answer(status=200, body=b"admin")))
    lines = said(console).splitlines()
    assert lines[0].split() == ["stopped", "PATCH", "/me", "promote", "yourself", "·", "API3"]
    assert lines[1].strip() == "422 body-invalid at /role: no such value"
    assert lines[2].strip() == "without yett: 200, harm: an admin account"


def test_a_failure_is_loud(console):
    """What got in and what did not pass is said in capitals, without a colour."""
    attack = Attack(says="x", ask=Ask(target="/"), code="body-invalid")
    report.struck(console, Struck(attack, (Answer(status=200, answers=1),), Answer(status=400)))
    report.visited(console, Visited(VISITS[0], Answer(status=500, body=b"boom")))
    assert "GOT IN" in said(console)
    assert "FAILED" in said(console)
    assert "boom" in said(console)
    assert "refused by the portal itself" in said(console)


def test_text_from_the_network_is_no_markup(console):
    """Brackets in an answer are printed, not obeyed."""
    report.visited(console, Visited(VISITS[0], Answer(status=500, body=b"[red]x[/red]")))
    report.command(console, "yett audit show x", "[bold]y")
    assert "[red]x[/red]" in said(console)
    assert "[bold]y" in said(console)


def test_a_hole_says_whether_it_is_open(console):
    """What is not stopped is called open, and which rule will close it."""
    hole = HOLES[0]
    report.probed(console, Probed(hole, Answer(status=200, body=hole.harm)))
    report.probed(console, Probed(hole, Answer(status=403)))
    first, second = said(console).splitlines()
    assert first.strip().startswith("open")
    assert hole.closes in first
    assert second.strip().startswith("closed")


def test_requests_are_cut_to_a_width():
    """A long target does not break the table."""
    text = report.describe(Ask(target="/search?q=" + "a" * 200))
    assert len(text) == report.REQUEST_CHARACTERS
    assert report.describe(Ask(raw=(b"POST /x HTTP/1.1\r\n\r\n",))) == "POST /x"


def test_the_summary_marks_what_is_wrong(console):
    """A check that failed stands out."""
    report.rows(console, [("attacks stopped", "40 of 41", False), ("ledger", "whole", True)])
    first, second = said(console).splitlines()
    assert first.split() == ["NO", "attacks", "stopped", "40", "of", "41"]
    assert second.split() == ["ok", "ledger", "whole"]


def test_no_colour_means_no_escape_codes(monkeypatch, capsys):
    """`--no-color` prints plain text."""
    console = report.make_console(colour=False)
    report.title(console, "x")
    assert "\x1b[3" not in capsys.readouterr().out
