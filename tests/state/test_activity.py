"""Uses noted on the request path and written down in the mass."""

from __future__ import annotations

import pytest

from yett.state.accounts import AccountStore
from yett.state.accounts.activity import last_uses
from yett.state.accounts.users import add_user, find_user
from yett.state.activity import WRITE_SECONDS, Activity
from yett.terms import Principal

NOW = 1_800_000_000.0
ISSUER = "https://api.example.com/auth"
KEY = Principal(id="ana", kind="key", issuer="yett:keys", credential="Ab3dEf9h", scheme="api_key")


@pytest.fixture
def store(tmp_path):
    made = AccountStore("sqlite:///a.db", tmp_path)
    made.prepare()
    yield made
    made.close()


@pytest.fixture
def activity(tmp_path, store):
    made = Activity("sqlite:///a.db", tmp_path, ISSUER)
    yield made
    if made._writing is not None:
        made._writing.join(10)


def there():
    return True


def test_a_use_is_written_down(activity, store):
    """A key's use is its own and its owner's, at the time of the last of them."""
    user = store.write(lambda tx: add_user(tx, login="ana", now=NOW - 9))
    activity.active(KEY, NOW)
    activity.active(KEY, NOW + 3)
    activity.tick(NOW + 4, wanted=there)
    activity._writing.join(10)
    with store.read() as tx:
        assert last_uses(tx, ["Ab3dEf9h"]) == {"Ab3dEf9h": NOW + 3}
        assert find_user(tx, user.id).active == NOW + 3


def test_it_is_written_at_most_once_a_minute(activity):
    """A thousand calls a second are one write a minute."""
    activity.active(KEY, NOW)
    activity.tick(NOW, wanted=there)
    first = activity._writing
    first.join(10)
    for second in range(1, int(WRITE_SECONDS)):
        activity.active(KEY, NOW + second)
        activity.tick(NOW + second, wanted=there)
    assert activity._writing is first
    activity.tick(NOW + WRITE_SECONDS, wanted=there)
    assert activity._writing is not first


def test_the_same_credential_takes_no_more_memory(activity):
    """What is noted is bounded by the credentials in use, not by requests."""
    for second in range(1000):
        activity.active(KEY, NOW + second)
    assert len(activity._noted) == 1


def test_strangers_are_not_written_down(activity):
    """Of people whom another issuer vouches for, nothing is kept."""
    stranger = Principal(id="x", kind="user", issuer="https://elsewhere", client="c")
    ours = Principal(id="u_1", kind="user", issuer=ISSUER, client="app", credential="t")
    service = Principal(id="svc", kind="service", issuer=ISSUER, client="svc", credential="t")
    assert activity._uses_of(stranger) == []
    assert activity._uses_of(ours) == [("client", "app"), ("user", "u_1")]
    assert activity._uses_of(service) == [("client", "svc")]


def test_without_a_store_nothing_is_made(tmp_path):
    """Where nobody has a store, uses are dropped and no file appears."""
    activity = Activity("sqlite:///var/none.db", tmp_path)
    activity.active(KEY, NOW)
    activity.tick(NOW + WRITE_SECONDS, wanted=lambda: False)
    assert list(tmp_path.iterdir()) == []
    assert len(activity._noted) == 0


def test_a_store_that_fails_is_no_failure_of_a_request(tmp_path, caplog):
    """Uses that cannot be written are said and forgotten; the next minute is a new chance."""
    (tmp_path / "a.db").write_bytes(b"garbage" * 1000)
    activity = Activity("sqlite:///a.db", tmp_path)
    activity.active(KEY, NOW)
    activity.tick(NOW, wanted=there)
    activity._writing.join(10)
    assert "not written down" in caplog.text
