"""Lifecycle lines are one line each, whatever is in them."""

from __future__ import annotations

import json

import pytest

from yett.cli.journal import Journal, place


def lines(capfd):
    return capfd.readouterr().err.splitlines()


def test_a_value_cannot_start_a_second_line(capfd):
    """A newline, a quote or a terminal escape in a value stays inside its field (CWE-117)."""
    hostile = 'x\nevent=ready "quoted" \x1b[31m'
    for form in ("text", "json"):
        Journal(form).write("died", child=hostile)
    text, row = lines(capfd)
    assert json.loads(row)["child"] == hostile
    assert text.endswith("child=" + json.dumps(hostile))
    assert "\x1b" not in text + row


def test_lines_name_their_process(capfd):
    """Each line says when, what and who."""
    Journal("json").named("worker-1").write("ready", addresses=["127.0.0.1:80"])
    Journal("text").write("ready", addresses=["a", "b"], note="two words", empty="")
    row, text = lines(capfd)
    assert json.loads(row)["role"] == "worker-1"
    assert 'role=supervisor addresses=a,b note="two words" empty=""' in text


def test_an_exception_is_its_place():
    """Of an unexpected exception only the place is told, not what it quotes."""
    with pytest.raises(ValueError, match="token") as caught:
        raise ValueError("token=abc")
    assert place(caught.value).startswith("test_journal.py:")
    assert place(ValueError("never raised")) == ""
