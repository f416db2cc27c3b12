from __future__ import annotations

from yett.cli.demo.proofs import Holder
from yett.credentials.dpop import check_proof, read_proof

URL = "http://localhost:8080/reports"
ALGORITHMS = ("ES256",)


def test_the_gate_takes_a_proof_for_its_request_alone():
    """A proof is good for one method, URL and token, and each has a name of its own."""
    holder = Holder()
    text = holder.proof("GET", URL, "the-token").encode()
    proof = read_proof(text, ALGORITHMS)
    asked = {"method": "GET", "url": URL, "token": b"the-token", "now": proof.iat, "max_age": 60}
    assert check_proof(proof, **asked) == ""
    assert check_proof(proof, **{**asked, "token": b"another"})
    assert check_proof(proof, **{**asked, "method": "POST"})
    again = read_proof(holder.proof("GET", URL).encode(), ALGORITHMS)
    assert again.thumbprint == proof.thumbprint
    assert again.jti != proof.jti
    assert read_proof(Holder().proof("GET", URL).encode(), ALGORITHMS).thumbprint != (
        proof.thumbprint
    )
