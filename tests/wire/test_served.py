"""The served certificate: what is read of it, and what is refused (test_tls.py has the listener)."""

from __future__ import annotations

import ssl
import time

import pytest
from kit.authority import DAY, SERVER, Authority

from yett.wire.errors import SetupError
from yett.wire.served import load_pair, read_leaf

CA = Authority()


def test_names_and_end_are_read(tmp_path):
    """Host names in lower case, and when it ends; other names serve nobody."""
    leaf = CA.issue("dns:Api.example.org", "email:a@example.org", usage=SERVER)
    leaf.put(tmp_path)
    found = read_leaf(tmp_path / "cert.pem", time.time())
    assert found.names == {"api.example.org"}
    assert found.expires == leaf.certificate.not_valid_after_utc.timestamp()


def test_a_certificate_without_names_has_none(tmp_path):
    """The common name is no host name (RFC 9525 s2)."""
    CA.issue(subject="localhost").put(tmp_path)
    assert read_leaf(tmp_path / "cert.pem", time.time()).names == frozenset()


@pytest.mark.parametrize(("begins", "ends"), [(-2 * DAY, -DAY), (DAY, 2 * DAY)])
def test_what_is_out_of_date_is_refused(tmp_path, begins, ends):
    """Clients would refuse it, too, one by one."""
    CA.issue("dns:localhost", begins=begins, ends=ends).put(tmp_path)
    with pytest.raises(SetupError, match="the certificate"):
        read_leaf(tmp_path / "cert.pem", time.time())


def test_the_key_must_be_its_own(tmp_path):
    """A pair is loaded or refused; nothing of the key is in the message."""
    CA.server().put(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    load_pair(context, tmp_path / "cert.pem", tmp_path / "key.pem")
    (tmp_path / "key.pem").write_bytes(CA.server().key_pem)
    with pytest.raises(SetupError, match="not the key of the certificate"):
        load_pair(context, tmp_path / "cert.pem", tmp_path / "key.pem")
    (tmp_path / "key.pem").write_text("secret-text")
    with pytest.raises(SetupError, match="the key cannot be read") as caught:
        load_pair(context, tmp_path / "cert.pem", tmp_path / "key.pem")
    assert "secret-text" not in str(caught.value)
