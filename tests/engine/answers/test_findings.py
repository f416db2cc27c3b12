"""Findings name the first records and count the rest."""

from __future__ import annotations

import pytest
from kit.deciding import Scene

from yett.engine.answers.findings import LEAK, MAX_NAMED, finding, named
from yett.policy.cedar.model import Uid


@pytest.mark.parametrize("count", [0, 1, MAX_NAMED, MAX_NAMED + 1, 5000])
def test_names_are_bounded(count):
    """At most `MAX_NAMED` uids and one line for the others."""
    told = named([Uid("B", str(number)) for number in range(count)])
    assert told[:MAX_NAMED] == tuple(f'B::"{n}"' for n in range(min(count, MAX_NAMED)))
    more = (f"and {count - MAX_NAMED} more",) if count > MAX_NAMED else ()
    assert told[MAX_NAMED:] == more


def test_a_finding_is_of_its_request(tmp_path):
    """It carries who asked for what, and whether the caller was kept from it; no body, no value."""
    scene = Scene(tmp_path)
    scene.decide("GET", "/bookings/3")
    kept = finding(scene.x, LEAK, "n", [Uid("Booking", "3")], status=200)
    assert (kept.kind, kept.code, kept.verdict, kept.step) == ("finding", LEAK, "refuse", 14)
    assert (kept.request, kept.operation, kept.principal) == ("r1", "shop.getBooking", "7")
    assert (kept.upstream_status, kept.status, kept.note) == (200, 0, "n")
    told = finding(scene.x, LEAK, "n", [], status=200, enforced=False)
    assert told.verdict == "allow"
