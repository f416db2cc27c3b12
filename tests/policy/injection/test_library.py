"""The adapter loads libinjection or says that it cannot; it never passes for a clean answer."""

from __future__ import annotations

import subprocess
import sys

import pytest

from yett.contract.errors import ContractError
from yett.policy.injection.library import load_library


def test_finds_both_kinds(library):
    """The two questions are answered as libinjection answers them."""
    assert library.sqli(b"1' or '1'='1") == "s&sos"
    assert library.sqli(b"a parcel for the neighbour") == ""
    assert library.xss(b"<script>alert(1)</script>")
    assert not library.xss(b"a < b and c > d")


def test_refuses_to_start_without_it(tmp_path):
    """Without the library the contract does not compile, and the error says what to do."""
    broken = tmp_path / "libmodsecurity-broken.so"
    broken.write_bytes(b"\x7fELF not really")
    with pytest.raises(ContractError) as caught:
        load_library((str(broken), str(tmp_path / "absent.so")))
    finding = caught.value.findings[0]
    assert finding.rule == "injection-unavailable"
    assert "absent.so" in finding.message
    assert "\n" not in finding.message
    assert 'injection = "off"' in finding.hint
    assert "libmodsecurity3" in finding.hint


def test_refuses_a_library_without_the_symbols():
    """A library of the right name that lacks libinjection is not accepted."""
    with pytest.raises(ContractError, match="libinjection cannot be loaded"):
        load_library(("libc.so.6",))


def test_takes_the_first_that_loads(library, tmp_path):
    """A broken candidate does not hide a working one."""
    assert load_library((str(tmp_path / "no.so"), library.carrier)).carrier == library.carrier


def test_bytes_with_nul_are_read_to_the_end(library):
    """A NUL does not end the value for the detector (CWE-158)."""
    assert library.sqli(b"\x00' or 1=1 --") or library.sqli(b"a\x00' or 1=1 --")
    assert library.xss(b"a\x00<script>alert(1)</script>")


def test_old_openssl_stays_out_of_sight():
    """What the wheel drags in is bound locally: no symbol of it becomes global in the process."""
    code = (
        "import ctypes, ssl\n"
        "from yett.policy.injection.library import load_library\n"
        "load_library()\n"
        "everyone = ctypes.CDLL(None)\n"
        "assert not hasattr(everyone, 'libinjection_sqli')\n"
        "assert not hasattr(everyone, 'curl_easy_init')\n"
        "context = ssl.create_default_context()\n"
        "assert '1.1.1k' not in ssl.OPENSSL_VERSION\n"
        "from cryptography.hazmat.primitives.asymmetric import ec\n"
        "from cryptography.hazmat.primitives import hashes\n"
        "key = ec.generate_private_key(ec.SECP256R1())\n"
        "mark = key.sign(b'x', ec.ECDSA(hashes.SHA256()))\n"
        "key.public_key().verify(mark, b'x', ec.ECDSA(hashes.SHA256()))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
