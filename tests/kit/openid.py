"""An OpenID provider on loopback that says whatever a test wants it to: ours to make it hostile.

It answers discovery, keys and the token endpoint; the browser's part is played by `consent`, which
reads the address that yett sent the browser to and makes the one it comes back to.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

CLIENT, SECRET = "yett", "s3cret of/the client"


class Provider:
    """The provider; change what it says before it is asked.

    Attributes:
        claims: members of the next ID token, over the honest ones; None takes one away.
        header: members of its header, likewise.
        metadata: members of its metadata, likewise.
        asked: forms that came to the token endpoint.
        hits: paths that were asked for.
    """

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "k1", "use": "sig", "alg": "ES256"})
        self.claims, self.header, self.metadata = {}, {}, {}
        self.token = None  # a whole ID token, instead of the honest one
        self.status = 200
        self.asked, self.hits = [], []
        self._codes = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                provider.hits.append(self.path)
                found = {
                    "/.well-known/openid-configuration": provider.describe,
                    "/jwks": provider.keys,
                }.get(self.path)
                self._answer(200 if found else 404, found() if found else {})

            def do_POST(self):
                provider.hits.append(self.path)
                body = self.rfile.read(int(self.headers["content-length"]))
                form = dict(parse_qsl(body.decode()))
                provider.asked.append({**form, "authorization": self.headers["authorization"]})
                self._answer(*provider.redeem(form))

            def _answer(self, status, value):
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self):
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def describe(self):
        """Return the metadata."""
        honest = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "authorization_response_iss_parameter_supported": True,
        }
        return _over(honest, self.metadata)

    def keys(self):
        """Return the key set."""
        return {"keys": [self.key.as_dict(private=False)]}

    def consent(self, location, subject="248289761001"):
        """Play the person who agrees: return the query that the browser comes back with."""
        parts = urlsplit(location)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.url}/authorize"
        asked = {name: value for name, (value,) in parse_qs(parts.query).items()}
        code = f"code-{len(self._codes)}"
        self._codes[code] = (asked, subject)
        return {"code": code, "state": asked["state"], "iss": self.url}

    def redeem(self, form):
        """Answer the token endpoint, as strictly as RFC 7636 and RFC 6749 want."""
        asked, subject = self._codes.pop(form.get("code"), ({}, ""))
        challenge = _b64(_sha256(form.get("code_verifier", "")))
        good = (
            asked
            and asked["code_challenge"] == challenge.decode()
            and asked["redirect_uri"] == form.get("redirect_uri")
            and self._knows(self.asked[-1]["authorization"])
        )
        if not good or self.status != 200:
            return (self.status if good else 400), {"error": "invalid_grant"}
        token = self.token or self.sign(self.honest(asked["nonce"], subject))
        return 200, {"access_token": "unused", "token_type": "Bearer", "id_token": token}

    def honest(self, nonce, subject="248289761001"):
        """Return the claims of an honest ID token."""
        now = int(time.time())
        fixed = {"iss": self.url, "aud": CLIENT, "sub": subject, "nonce": nonce}
        return _over({**fixed, "iat": now, "exp": now + 300, "auth_time": now}, self.claims)

    def sign(self, claims, key=None, **header):
        """Sign claims; a key of bytes makes an HMAC."""
        head = _over({"alg": "ES256", "kid": "k1"}, {**self.header, **header})
        signed = b".".join(_b64(json.dumps(part).encode()) for part in (head, claims))
        if isinstance(key, bytes):
            signature = hmac.digest(key, signed, "sha256")
        else:
            signature = JWSRegistry.algorithms["ES256"].sign(signed, key or self.key)
        return b".".join((signed, _b64(signature))).decode()

    @staticmethod
    def _knows(authorization):
        kind, _, pair = authorization.partition(" ")
        client, _, secret = base64.b64decode(pair).decode().partition(":")
        return (kind, unquote(client), unquote(secret)) == ("Basic", CLIENT, SECRET)


def query_of(location):
    """Return the query of an address, each name once."""
    return {name: value for name, (value,) in parse_qs(urlsplit(location).query).items()}


def with_query(url, **parameters):
    """Add a query to an address."""
    return f"{url}?{urlencode(parameters)}"


def _over(honest, changes):
    return {name: value for name, value in {**honest, **changes}.items() if value is not None}


def _sha256(text):
    return hashlib.sha256(text.encode()).digest()


def _b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")
