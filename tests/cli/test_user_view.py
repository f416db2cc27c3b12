"""How people are shown: all of it printable, none of it secret."""

from __future__ import annotations

from yett.cli import user_view as view
from yett.issuer.lifecycle.ending import Ended
from yett.state.accounts.users import User

USER = User(
    id="u_1",
    login="ana",
    name="Ana\x1b[31m\nroot",
    roles=("clerk",),
    password="sealed",
    profile={"phone": "1"},
    created=1.0,
)


def test_a_name_does_not_write_to_the_terminal():
    """Control characters of a name are replaced (CWE-150)."""
    line = view.line_of(USER)
    assert "\x1b" not in line
    assert "\n" not in line
    assert line.startswith("u_1  active    seen never")


def test_no_secret_is_shown():
    """Whether there is a password is shown; the hash and the profile are not."""
    fields = view.fields_of(USER)
    assert fields["has_password"] is True
    assert "sealed" not in repr(fields)
    assert "profile" not in fields


def test_a_row_is_its_first_value_and_the_others_by_name():
    """Empty values are left out, times are written as such."""
    row = {"id": "a", "label": "", "created": 1_800_000_000.0, "amr": ["hwk", "user"]}
    assert view.row_text(row) == "a  created 2027-01-15 08:00:00Z  amr hwk user"


def test_a_whole_account_is_written():
    """What is empty is left out; what there is none of is said."""
    shown = {
        **view.fields_of(USER),
        "passkeys": [{"id": "p"}],
        "recovery_codes": 3,
        "links": [],
        "sessions": [],
    }
    lines = list(view.lines_of(shown))
    assert "login:          ana" in lines
    assert "recovery codes: 3" in lines
    assert lines[-4:] == ["passkeys:", "  p", "links: none", "sessions: none"]


def test_what_ended_is_counted():
    """Each kind by its number."""
    text = view.counted(Ended(sessions=("a", "b"), keys=("k",)))
    assert text == "2 sessions, 0 grants, 1 keys, 0 services"
