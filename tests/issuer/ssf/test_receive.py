"""What a transmitter pushes ends what it names, once; what anybody else pushes ends nothing."""

from __future__ import annotations

import threading

import pytest
from kit.accounts import NOW
from kit.events import AUDIENCE, BEARER, CAEP, ISSUER, OTHER, RISC, event, pushed, receiving, signed

from yett.state.accounts.links import Link, add_link
from yett.state.accounts.notices import untold
from yett.state.accounts.revocations import in_force

OUTSIDE = "https://login.example.com"
ANA = {"format": "iss_sub", "iss": OUTSIDE, "sub": "ana"}


@pytest.fixture
def lives(tmp_path):
    made = receiving(tmp_path, subjects=OUTSIDE)
    yield made
    made.server.store.close()


def rows(lives):
    found = lives.read(lambda tx: in_force(tx, NOW))
    return [(row.kind, row.value, row.issuer, row.before) for row in found]


def test_a_session_that_ended_elsewhere_ends_here(lives):
    """Accepted with 202 and an empty body; the subject is cut off at its issuer."""
    assert pushed(lives, signed(event(subject=ANA))) == (202, "")
    assert rows(lives) == [("sub", "ana", OUTSIDE, NOW)]


def test_an_event_counts_once(lives):
    """Its retry is answered like the first, and does not cut off who signed in since."""
    token = signed(event(subject=ANA))
    for later in (0, 60):
        assert pushed(lives, token, now=NOW + later) == (202, "")
    assert len(rows(lives)) == 1


def test_twenty_at_once_count_once(lives):
    """Retries that overlap have one effect."""
    token, done = signed(event(subject=ANA)), []
    threads = [
        threading.Thread(target=lambda: done.append(pushed(lives, token))) for _ in range(20)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert done == [(202, "")] * 20
    assert len(rows(lives)) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": "https://evil.example"}, "invalid_issuer"),
        ({"iss": None}, "invalid_issuer"),
        ({"aud": "https://other"}, "invalid_audience"),
        ({"aud": None}, "invalid_audience"),
        ({"aud": [AUDIENCE + "/x"]}, "invalid_audience"),
        ({"jti": None}, "invalid_request"),
        ({"jti": 5}, "invalid_request"),
        ({"jti": ""}, "invalid_request"),
        ({"iat": None}, "invalid_request"),
        ({"iat": "now"}, "invalid_request"),
        ({"iat": True}, "invalid_request"),
        ({"iat": NOW + 301}, "invalid_request"),
        ({"iat": NOW - 8 * 86400}, "invalid_request"),
        ({"sub": "ana"}, "invalid_request"),
        ({"exp": NOW + 60}, "invalid_request"),
        ({"events": None}, "invalid_request"),
        ({"events": {}}, "invalid_request"),
        ({"events": []}, "invalid_request"),
        ({"events": {CAEP + "session-revoked": None}}, "invalid_request"),
        ({"events": {f"u:{n}": {} for n in range(9)}}, "invalid_request"),
        ({"sub_id": "ana"}, "invalid_request"),
        ({"sub_id": [ANA]}, "invalid_request"),
    ],
)
def test_wrong_claims_end_nothing(lives, changes, code):
    """Each check of RFC 8417 and SSF s4.1, with the error of RFC 8935 s2.4."""
    token = signed(event(**{"subject": ANA, **changes}))
    assert pushed(lives, token) == (400, code)
    assert rows(lives) == []


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"typ": "JWT"}, "invalid_request"),
        ({"typ": "at+jwt"}, "invalid_request"),
        ({"typ": ""}, "invalid_request"),
        ({"kid": "other"}, "invalid_key"),
        ({"key": OTHER}, "invalid_key"),
    ],
)
def test_another_kind_or_key_ends_nothing(lives, header, code):
    """An ID token of the same issuer is no event, and a stranger's signature none of theirs."""
    assert pushed(lives, signed(event(subject=ANA), **header)) == (400, code)
    assert rows(lives) == []


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "e30.e30.", "e30.e30.AAAA", b"\xff\x00", "{}"])
def test_what_is_no_token_is_an_invalid_request(lives, text):
    """Never a server error."""
    assert pushed(lives, text) == (400, "invalid_request")


def test_an_unsigned_or_symmetric_event_ends_nothing(lives):
    """The algorithm comes from the configuration (RFC 8725 s3.1)."""
    token = signed(event(subject=ANA))
    head, payload, signature = token.split(".")
    import base64  # noqa: PLC0415

    for alg in ("none", "HS256", "ES384"):
        text = f'{{"alg":"{alg}","kid":"idp-1","typ":"secevent+jwt"}}'.encode()
        forged = base64.urlsafe_b64encode(text).rstrip(b"=").decode()
        status, _ = pushed(lives, f"{forged}.{payload}.{signature}")
        assert status == 400
    assert head != forged
    assert rows(lives) == []


@pytest.mark.parametrize("bearer", ["", "wrong", BEARER + "x", BEARER[:-1], "é"])
def test_without_its_token_nobody_pushes(lives, bearer):
    """A good event in other hands is not taken."""
    assert pushed(lives, signed(event(subject=ANA)), bearer=bearer) == (
        401,
        "authentication_failed",
    )
    assert rows(lives) == []


def test_without_a_transmitter_nobody_pushes(tmp_path):
    """Where none is configured, there is nobody to believe."""
    from kit.lives import Lives  # noqa: PLC0415

    assert pushed(Lives(tmp_path), signed(event(subject=ANA)))[0] == 401


def test_its_token_may_be_rotated(lives, tmp_path):
    """The file is read again; without it nothing is taken, and nothing breaks."""
    (tmp_path / "idp.token").write_text("second\n")
    assert pushed(lives, signed(event(subject=ANA)))[0] == 401
    assert pushed(lives, signed(event(subject=ANA)), bearer="second")[0] == 202
    (tmp_path / "idp.token").unlink()
    assert pushed(lives, signed(event(subject=ANA)), bearer="second")[0] == 401


def test_another_media_type_is_refused(lives):
    """RFC 8935 s2.1."""
    assert pushed(lives, signed(event(subject=ANA)), content="application/json")[0] == 400


def test_an_account_here_is_signed_out(tmp_path):
    """By its link to the transmitter: sessions, grants and tokens end; keys and account stay."""
    lives = receiving(tmp_path)
    user = lives.person(email="ana@example.com")
    session, grant, _, _ = lives.equip(user)
    lives.write(
        lambda tx: add_link(tx, Link(issuer=ISSUER, subject="x-1", user=user.id, created=NOW))
    )
    subject = {"format": "iss_sub", "iss": ISSUER, "sub": "x-1"}
    token = signed(event("account-disabled", subject, base=RISC))
    assert pushed(lives, token) == (202, "")
    named = {(kind, value) for kind, value, _, _ in rows(lives)}
    assert named == {("sid", session.id), ("grant", grant.id), ("sub", user.id)}


def test_what_it_did_is_recorded(lives):
    """Taken and refused events are in the ledger, with the transmitter's name."""
    pushed(lives, signed(event(subject=ANA)))
    pushed(lives, signed(event(subject=ANA, aud="x", jti="set-2")))
    told = [(event.kind, event.issuer, event.note) for _, event in lives.read(untold)]
    assert told[0] == ("ssf-received", ISSUER, "session-revoked of ana: ended")
    assert told[1][0] == "ssf-refused"


def test_an_unknown_event_is_accepted_and_does_nothing(lives):
    """A transmitter may know more than we do (RFC 8417 s2.2)."""
    assert pushed(lives, signed(event("something-new", ANA))) == (202, "")
    assert rows(lives) == []
