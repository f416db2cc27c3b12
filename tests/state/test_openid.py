"""An outside provider as it is reached: believed only as far as its metadata fits it."""

from __future__ import annotations

import json
import threading

import pytest
from joserfc.jwk import ECKey

from yett.contract.identity_settings import ProviderConfig
from yett.state import openid
from yett.state.errors import StateError
from yett.state.fetch import FetchError
from yett.state.openid import (
    COOL_DOWN_SECONDS,
    FRESH_SECONDS,
    MAX_WAITING,
    OpenIdProvider,
    read_provider,
)

URL = "https://login.example.com"
METADATA = {
    "issuer": URL,
    "authorization_endpoint": f"{URL}/authorize",
    "token_endpoint": f"{URL}/token",
    "jwks_uri": f"{URL}/jwks",
}
CONFIG = ProviderConfig(name="corp", url=URL, client_id="a b", secret="corp.secret")


class Net:
    """What the provider answers, and how often it was asked."""

    def __init__(self) -> None:
        self.now, self.asked, self.posted = 1000.0, [], []
        self.key = "k1"
        self.metadata = dict(METADATA)
        self.down = False
        self.token = {"id_token": "a.b.c", "access_token": "x"}

    def fetch(self, url, most):
        self.asked.append(url)
        if self.down:
            raise FetchError("down")
        if url.endswith("/jwks"):
            key = ECKey.generate_key("P-256", {"kid": self.key, "use": "sig"})
            return json.dumps({"keys": [key.as_dict(private=False)]}).encode()[:most]
        return json.dumps(self.metadata).encode()

    def post(self, url, form, authorization, most):
        self.posted.append((url, form, authorization.reveal()))
        if self.down:
            raise FetchError("down")
        return json.dumps(self.token).encode()[:most]


@pytest.fixture
def net():
    """A provider that answers."""
    return Net()


@pytest.fixture
def provider(net, tmp_path):
    """The provider as it is configured."""
    (tmp_path / "corp.secret").write_text("p:w\n")
    return OpenIdProvider(CONFIG, tmp_path, fetch=net.fetch, post=net.post, clock=lambda: net.now)


def test_metadata_and_keys_are_kept_for_a_while(provider, net):
    """A thousand sign-ins cost one look in ten minutes."""
    for _ in range(1000):
        provider.metadata()
        provider.keys("k1")
    assert net.asked == [f"{URL}/.well-known/openid-configuration", f"{URL}/jwks"]
    net.now += FRESH_SECONDS
    provider.metadata()
    assert len(net.asked) == 4


def test_an_unknown_key_is_looked_for_once_in_a_while(provider, net):
    """A rotation is noticed; a flood of made-up names is not passed on."""
    provider.keys("k1")
    net.key = "k2"
    for _ in range(100):
        provider.keys("k2")
    assert len(net.asked) == 2
    net.now += COOL_DOWN_SECONDS
    assert "k2" in provider.keys("k2").keys
    assert len(net.asked) == 4


def test_what_was_good_stays_while_the_provider_is_down(provider, net):
    """A failed fetch takes nothing away."""
    provider.metadata()
    net.down = True
    net.now += 10 * FRESH_SECONDS
    assert provider.metadata().token == f"{URL}/token"
    assert "k1" in provider.keys("k1").keys


def test_nothing_is_known_of_who_never_answered(provider, net):
    """It is said, tried again a moment later, and then works."""
    net.down = True
    with pytest.raises(FetchError, match="down"):
        provider.metadata()
    with pytest.raises(FetchError, match="nothing is known"):
        provider.metadata()
    net.down = False
    net.now += 1.0
    assert provider.metadata().authorize == f"{URL}/authorize"


def test_a_code_is_redeemed(provider, net):
    """With our credentials form-encoded in the header, and proof of who asked."""
    assert provider.redeem("c", "v", "https://back") == b"a.b.c"
    ((url, form, authorization),) = net.posted
    assert url == f"{URL}/token"
    assert form == (
        b"grant_type=authorization_code&code=c&redirect_uri=https%3A%2F%2Fback&code_verifier=v"
    )
    assert authorization == b"Basic YSUyMGI6cCUzQXc="  # a%20b:p%3Aw


@pytest.mark.parametrize(
    "token", [{}, {"id_token": None}, {"id_token": ["a.b.c"]}, {"id_token": "x" * 8193}, []]
)
def test_an_answer_without_an_id_token_is_none(provider, net, token):
    """An access token alone says nothing about a person."""
    net.token = token
    with pytest.raises(FetchError, match="no ID token"):
        provider.redeem("c", "v", "https://back")


def test_a_secret_that_is_not_there_is_said(provider, tmp_path):
    """The file is named, and read at each use: it can be changed while the server runs."""
    provider.metadata()
    (tmp_path / "corp.secret").write_text("")
    with pytest.raises(StateError, match="no client secret"):
        provider.redeem("c", "v", "https://back")
    (tmp_path / "corp.secret").unlink()
    with pytest.raises(StateError, match=r"corp\.secret"):
        provider.redeem("c", "v", "https://back")


def test_a_slow_provider_holds_few(net, tmp_path, monkeypatch):
    """So many wait for a provider at most; the others are told soon."""
    monkeypatch.setattr(openid, "PATIENCE_SECONDS", 0.01)
    (tmp_path / "corp.secret").write_text("pw")
    entered, leave = threading.Semaphore(0), threading.Event()

    def slow(*_):
        entered.release()
        leave.wait(30)
        return b"{}"

    provider = OpenIdProvider(CONFIG, tmp_path, fetch=net.fetch, post=slow)
    provider.metadata()
    refused = []

    def one():
        try:
            provider.redeem("c", "v", "https://back")
        except FetchError as error:
            refused.append(error.message)

    threads = [threading.Thread(target=one) for _ in range(MAX_WAITING)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert entered.acquire(timeout=30)
    with pytest.raises(FetchError, match="too many wait"):
        provider.redeem("c", "v", "https://back")
    leave.set()
    for thread in threads:
        thread.join()
    assert len(refused) == MAX_WAITING  # their answers had no ID token; their places are free
    assert provider._places.acquire(blocking=False)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"issuer": "https://evil.example"}, "names another issuer"),
        ({"issuer": URL + "/"}, "names another issuer"),
        ({"token_endpoint": "http://login.example.com/token"}, "plain http"),
        ({"token_endpoint": "http://127.0.0.1/token"}, "leads away from https"),
        ({"jwks_uri": "file:///etc/passwd"}, "not an http"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "not an http"),
        ({"authorization_endpoint": None}, "has no `authorization_endpoint`"),
        ({"token_endpoint_auth_methods_supported": ["private_key_jwt"]}, "client_secret_basic"),
        ({"token_endpoint_auth_methods_supported": "client_secret_basic"}, "client_secret_basic"),
    ],
)
def test_metadata_that_does_not_fit_is_refused(changes, why):
    """One issuer speaks for itself alone, over https, and can do what is needed."""
    document = json.dumps({**METADATA, **changes}).encode()
    with pytest.raises(FetchError, match=why):
        read_provider(URL, document)


@pytest.mark.parametrize("document", [b"", b"[]", b"{", b'{"issuer":1,"issuer":2}'])
def test_nonsense_is_no_metadata(document):
    """What cannot be read one way is refused."""
    with pytest.raises(FetchError):
        read_provider(URL, document)


@pytest.mark.parametrize(("value", "said"), [(True, True), ("true", False), (None, False)])
def test_a_promise_of_iss_is_exactly_true(value, said):
    """RFC 9207 s3."""
    document = {**METADATA, "authorization_response_iss_parameter_supported": value}
    assert read_provider(URL, json.dumps(document).encode()).says_issuer is said
