"""What a client must be to be registered: a table of checks, each with its next step.

Redirect URIs are exact and reach their owner alone: `https`, a loopback address, or a scheme that
is a reversed domain (RFC 8252 s7). A public client keeps no secret, so it gets no grant that needs
one. RFC 9700 s2.1, s4.1; RFC 7591 s2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urlsplit

import msgspec

from yett.credentials import load_keys
from yett.credentials.keyset import KeySetError
from yett.issuer.assertion import ALGORITHMS
from yett.issuer.client_auth import ASSERTION, CERTIFICATE, METHODS, NONE, SELF_SIGNED
from yett.issuer.scopes import INTROSPECT, OPENID_SCOPES
from yett.issuer.server import Server
from yett.state.accounts.clients import Client
from yett.state.errors import StateError

MAX_NAME_CHARACTERS = 100
MAX_REDIRECTS = 32
MAX_URI_CHARACTERS = 2048
GRANT_TYPES = (
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
)
SECRET_GRANTS = ("client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange")
CERTIFICATE_NAMES = ("dns:", "uri:", "email:", "dn:")

_LOOPBACK = ("127.0.0.1", "::1")
_PRIVATE_SCHEME = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)+\Z")
# What stands in a page's policy as it is: a `;` in a host would begin another directive (CWE-74).
_HOST = re.compile(r"[a-z0-9_.:-]+\Z")
_THUMBPRINT = re.compile(r"x5t:[A-Za-z0-9_-]{43}\Z")
_VISIBLE = re.compile(r"[\x21-\x7e]+\Z")

Complaint = tuple[str, str]


def check_client(server: Server, client: Client) -> None:
    """Refuse a client that could never work, or must not.

    Raises:
        StateError: what is wrong first, and what to do.
    """
    for check in CHECKS:
        for message, hint in check(server, client):
            raise StateError(message, hint=hint)


def _name(server: Server, client: Client) -> Iterator[Complaint]:
    del server
    if not client.name.isprintable() or not 0 < len(client.name.strip()) <= MAX_NAME_CHARACTERS:
        yield "a client needs a printable name", f"at most {MAX_NAME_CHARACTERS} characters"


def _vocabulary(server: Server, client: Client) -> Iterator[Complaint]:
    known = server.config.vocabulary
    more = {INTROSPECT, *(OPENID_SCOPES if client.kind != "service" else ())}
    for scope in client.scopes:
        if scope not in known.scopes and scope not in more:
            yield f"the vocabulary has no scope `{scope}`", _known("scopes", known.scopes)
    for role in client.roles:
        if role not in known.roles:
            yield f"the vocabulary has no role `{role}`", _known("roles", known.roles)
    if INTROSPECT in client.scopes and client.kind == "public":
        yield "a public client is told of no tokens", f"leave `{INTROSPECT}` out"
    if client.roles and client.kind != "service":
        yield "only a service has roles of its own", "give the roles to its users"


def _known(table: str, words: Iterable[str]) -> str:
    return "known: " + ", ".join(words) if words else f"write it in [vocabulary.{table}]"


def _method(server: Server, client: Client) -> Iterator[Complaint]:
    del server
    if client.auth not in METHODS:
        yield f"`{client.auth}` is no method of authentication", "one of " + ", ".join(METHODS)
    if (client.auth == NONE) != (client.kind == "public"):
        hint = "a public client uses `none`, every other one proves itself"
        yield f"a {client.kind} client cannot use `{client.auth}`", hint


def _grants(server: Server, client: Client) -> Iterator[Complaint]:
    del server
    for grant in client.grants:
        if grant not in GRANT_TYPES:
            yield f"`{grant}` is not a grant type here", "one of " + ", ".join(GRANT_TYPES)
        if client.kind == "public" and grant in SECRET_GRANTS:
            yield f"a public client cannot use `{grant}`", "it proves nothing about itself"
    if not client.grants:
        yield "a client needs a grant type", "one of " + ", ".join(GRANT_TYPES)
    if "authorization_code" in client.grants and not client.redirects:
        yield "`authorization_code` needs a redirect URI", "name it exactly, with `--redirect`"


def _redirects(server: Server, client: Client) -> Iterator[Complaint]:
    del server
    uris = (*client.redirects, *client.logout_redirects)
    if len(uris) > MAX_REDIRECTS:
        yield "too many redirect URIs", f"at most {MAX_REDIRECTS}"
    for uri in uris:
        reason = refuse_uri(uri)
        if reason:
            yield f"`{uri}` cannot be a redirect URI", reason


def refuse_uri(uri: str) -> str:
    """Return why a URI cannot be registered, or nothing."""
    if len(uri) > MAX_URI_CHARACTERS or not _VISIBLE.match(uri) or "\\" in uri:
        return "write it in visible ASCII, without spaces and backslashes"
    try:
        parts = urlsplit(uri)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "it cannot be read as a URI"
    if "#" in uri or "@" in parts.netloc or "*" in uri:
        return "no fragment, no user, no wildcard: it is compared exactly"
    if parts.scheme == "https" and host and _HOST.match(host):
        return ""
    if parts.scheme == "http" and host in _LOOPBACK:
        return ""
    if _PRIVATE_SCHEME.match(parts.scheme) and not parts.netloc:
        return ""
    return "use https, http://127.0.0.1 for native programs, or a scheme like `com.example.app`"


def _keys(server: Server, client: Client) -> Iterator[Complaint]:
    del server
    if client.jwks and client.auth != ASSERTION:
        yield "keys are for `private_key_jwt` alone", "leave them out"
    if client.auth != ASSERTION:
        return
    hint = "a JWK set of public keys with `kid`, for " + ", ".join(ALGORITHMS)
    try:
        ignored = load_keys(msgspec.json.encode(client.jwks), ALGORITHMS).ignored
    except KeySetError as error:
        yield f"its keys cannot be used: {error.message}", hint
        return
    if ignored:
        yield f"its keys cannot be used: {ignored[0]}", hint


def _certificate(server: Server, client: Client) -> Iterator[Complaint]:
    del server
    name = client.certificate
    if client.auth == CERTIFICATE and not name.startswith(CERTIFICATE_NAMES):
        yield "`tls_client_auth` needs the certificate's name", "such as `dns:billing.internal`"
    elif client.auth == SELF_SIGNED and not _THUMBPRINT.match(name):
        hint = "`x5t:` and the base64url of its SHA-256"
        yield "`self_signed_tls_client_auth` needs the certificate's thumbprint", hint
    elif name and client.auth not in (CERTIFICATE, SELF_SIGNED):
        yield "a certificate is for `tls_client_auth` alone", "leave it out"


CHECKS: tuple[Callable[[Server, Client], Iterator[Complaint]], ...] = (
    _name,
    _method,
    _grants,
    _redirects,
    _vocabulary,
    _keys,
    _certificate,
)
