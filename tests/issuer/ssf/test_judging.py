"""A judged event says what was signed; the negatives over HTTP are in test_receive.py."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit.accounts import NOW
from kit.events import AUDIENCE, event, signed, transmitter

from yett.issuer.ssf.judging import MAX_AGE_SECONDS, Refused, Told, judge
from yett.state.transmitters import Transmitter

SUBJECT = {"format": "opaque", "id": "ana"}


@pytest.fixture(scope="module")
def sender(tmp_path_factory):
    folder = tmp_path_factory.mktemp("idp")
    return Transmitter(transmitter(folder), folder)


def test_a_good_event_is_what_was_signed(sender):
    """Nothing is added or left out."""
    told = judge(signed(event(subject=SUBJECT)).encode(), sender, NOW)
    assert isinstance(told, Told)
    assert (told.jti, told.at, told.subject) == ("set-1", int(NOW), SUBJECT)
    assert len(told.events) == 1


def test_one_of_several_audiences_is_enough(sender):
    """`aud` may be a list (RFC 7519 s4.1.3)."""
    text = signed(event(subject=SUBJECT, aud=["x", AUDIENCE])).encode()
    assert isinstance(judge(text, sender, NOW), Told)


@pytest.mark.parametrize(("later", "good"), [(MAX_AGE_SECONDS, True), (MAX_AGE_SECONDS + 1, False)])
def test_it_is_good_for_days_and_no_longer(sender, later, good):
    """For as long as used identifiers are remembered."""
    told = judge(signed(event(subject=SUBJECT)).encode(), sender, NOW + later)
    assert isinstance(told, Told) is good


def test_a_bare_verification_needs_no_subject(sender):
    """`sub_id` of a stream event may be absent."""
    assert isinstance(judge(signed(event(subject=None)).encode(), sender, NOW), Told)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_any_claims_are_judged_without_an_error(sender, value):
    """Whatever a transmitter signs, it is told or refused."""
    for name in ("jti", "iat", "events", "sub_id", "aud", "iss"):
        claims = {**event(subject=SUBJECT), name: value}
        try:
            text = signed(msgspec.json.encode(claims)).encode()
        except (UnicodeEncodeError, OverflowError):
            return
        assert isinstance(judge(text, sender, NOW), Told | Refused)
