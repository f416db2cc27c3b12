"""Whose account an outside person is; the journey is in sign_in/test_provider.py."""

from __future__ import annotations

import pytest
from kit.accounts import NOW

from yett.contract.identity_settings import ProviderConfig
from yett.issuer.errors import OAuthError
from yett.issuer.sso_person import find_person, link_person
from yett.issuer.sso_token import Outsider
from yett.state.accounts.links import links_of
from yett.state.accounts.users import find_user

CONFIG = ProviderConfig(
    name="corp",
    url="https://login.example.com",
    client_id="yett",
    secret="secret",
    create=True,
    roles=("clerk",),
)


def outsider(subject="42", **more):
    fixed = {"issuer": CONFIG.url, "acr": "urn:yett:single-factor", "auth_time": 0.0}
    return Outsider(**{**fixed, **more, "subject": subject})


def find(server, one, config=CONFIG):
    return server.store.write(lambda tx: find_person(tx, config, one, NOW))


@pytest.mark.parametrize(
    "pair", [("AbC", "abc"), ("ß", "ss"), ("a b", "a  b"), ("x" * 255, "x" * 254 + "y"), ("A", "a")]
)
def test_two_subjects_are_two_accounts(server, pair):
    """Subjects are compared exactly: folding, spaces and length make no two into one."""
    first, second = (find(server, outsider(subject)) for subject in pair)
    assert first.id != second.id
    assert first.login != second.login
    assert find(server, outsider(pair[0])).id == first.id


def test_the_same_subject_of_two_providers_is_two_accounts(server):
    """A subject means something at its issuer only."""
    other = ProviderConfig(
        name="other",
        url="https://other.example.com",
        client_id="yett",
        secret="secret",
        create=True,
    )
    first = find(server, outsider())
    second = find(server, outsider(issuer=other.url), other)
    assert first.id != second.id


def test_linking_twice_is_once(server, person):
    """Asking again for what is there changes nothing."""
    for _ in range(2):
        server.store.write(lambda tx: link_person(tx, person, outsider(), NOW))
    with server.store.read() as tx:
        assert [link.subject for link in links_of(tx, person.id)] == ["42"]
    assert find(server, outsider()).id == person.id


def test_a_linked_person_is_not_linked_to_another(server, person):
    """Nobody takes a person from the account they have."""
    made = find(server, outsider())
    with pytest.raises(OAuthError) as refused:
        server.store.write(lambda tx: link_person(tx, person, outsider(), NOW))
    assert refused.value.status == 409
    with server.store.read() as tx:
        assert find_user(tx, made.id) is not None
        assert links_of(tx, person.id) == ()
