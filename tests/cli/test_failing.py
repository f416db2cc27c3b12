"""How a command ends that cannot do what it was asked."""

from __future__ import annotations

import pytest

from yett.cli.failing import fail


@pytest.mark.parametrize(
    ("hint", "said"), [("", "it is broken\n"), ("mend it", "it is broken\nhint: mend it\n")]
)
def test_a_failure_says_what_and_what_next(capsys, hint, said):
    """Both go to standard error, so that what a program reads on standard output stays clean."""
    with pytest.raises(SystemExit) as ended:
        fail(3, "it is broken", hint)
    assert ended.value.code == 3
    assert capsys.readouterr() == ("", said)
