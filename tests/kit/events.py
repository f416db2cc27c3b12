"""A transmitter of security events: signs what it is told to, right or wrong."""

from __future__ import annotations

import json

import msgspec
from joserfc import jws
from joserfc.jwk import ECKey
from kit.accounts import NOW
from kit.lives import Lives

from yett.contract.identity_settings import TransmitterConfig
from yett.issuer.http import Ask
from yett.issuer.ssf.receive import MEDIA_TYPE, receive

ISSUER, AUDIENCE = "https://idp.example.com", "https://api.example.com/auth/ssf"
BEARER = "push-token-of-the-idp"
CAEP = "https://schemas.openid.net/secevent/caep/event-type/"
RISC = "https://schemas.openid.net/secevent/risc/event-type/"
KEY = ECKey.generate_key("P-256", {"kid": "idp-1", "use": "sig", "alg": "ES256"})
OTHER = ECKey.generate_key("P-256", {"kid": "idp-1", "use": "sig", "alg": "ES256"})


def transmitter(folder, **changes):
    """Write a transmitter's files, and return its configuration."""
    keys = {"keys": [KEY.as_dict(private=False)]}
    (folder / "idp.json").write_text(json.dumps(keys))
    (folder / "idp.token").write_text(BEARER + "\n")
    fields = {
        "url": ISSUER,
        "audience": AUDIENCE,
        "algorithms": ("ES256",),
        "bearer": "idp.token",
        "jwks": "idp.json",
    }
    return TransmitterConfig(**{**fields, **changes})


def receiving(folder, **changes):
    """An issuer that takes events of one transmitter."""
    return Lives(folder, transmitter=(transmitter(folder, **changes),))


def event(kind="session-revoked", subject=None, *, base=CAEP, said=None, **claims):
    """Write the claims of an event; a claim that is None is left out."""
    made = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": int(NOW),
        "jti": "set-1",
        "sub_id": subject,
        "events": {base + kind: said or {}},
    }
    return {name: value for name, value in {**made, **claims}.items() if value is not None}


def signed(claims, *, key=KEY, typ="secevent+jwt", alg="ES256", kid="idp-1", **header):
    """Sign claims."""
    fields = {"alg": alg, "kid": kid, "typ": typ, **header}
    text = claims if isinstance(claims, bytes) else msgspec.json.encode(claims)
    return jws.serialize_compact(fields, text, key, ["ES256"])


def pushed(lives, text, *, bearer=BEARER, content=MEDIA_TYPE, now=NOW):
    """Push a token; answers status and error code."""
    headers = {"authorization": f"Bearer {bearer}", "content-type": content}
    body = text.encode() if isinstance(text, str) else text
    ask = Ask(method="POST", path="/ssf/events", now=now, body=body, headers=headers)
    answer = receive(lives.server, ask)
    return answer.status, json.loads(answer.body)["err"] if answer.body else ""
