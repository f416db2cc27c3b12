"""The closed table of refusals."""

from __future__ import annotations

import re
from pathlib import Path

from yett import problems
from yett.problems import INTERNAL, KINDS, QUOTA_EXCEEDED


def test_codes_are_stable_words_and_unique():
    """A code names one refusal for ever; its type URI ends in it (RFC 9457 s3.1.1)."""
    codes = [kind.code for kind in KINDS]
    assert len(codes) == len(set(codes)) > 30
    for kind in KINDS:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.code)
        assert kind.type.endswith(kind.code)


def test_each_refusal_is_given_and_tested():
    """A row of the table is used by some step, and a test knows it by its code or its name."""
    root = Path(__file__).parents[1]
    given = _words(path for path in (root / "src").rglob("*.py") if path.name != "problems.py")
    tested = _words((root / "tests").rglob("test_*.py"))
    for name, kind in vars(problems).items():
        if isinstance(kind, problems.Kind):
            assert name in given, f"nothing refuses with {name}"
            assert name in tested or kind.code in tested, f"no test meets {name}"


def _words(paths):
    return {word for path in paths for word in re.findall(r"[\w-]+", path.read_text("utf-8"))}


def test_texts_follow_the_house_style():
    """Statuses are errors; details are lower-case, one line, without a full stop."""
    for kind in KINDS:
        assert 400 <= kind.status < 600
        assert kind.detail[0].islower()
        assert not kind.detail.endswith(".")
        assert "\n" not in kind.detail


def test_a_problem_keeps_what_the_client_may_not_know_apart():
    """`note` never becomes `detail`."""
    problem = INTERNAL(note="secret reason")
    assert problem.detail == INTERNAL.detail
    assert (problem.code, problem.status, problem.note) == ("internal-error", 500, "secret reason")


def test_registered_types_keep_their_registered_uri():
    """The IANA types are used where they exist."""
    assert QUOTA_EXCEEDED.type == "https://iana.org/assignments/http-problem-types#quota-exceeded"
