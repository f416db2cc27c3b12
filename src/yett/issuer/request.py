"""An authorization request as it is read: from a browser's query or form, or pushed by its client.

First who asks and where answers may go (`read_client`, `read_redirect`): what fails there is shown
and never redirected. Then everything else (`read_request`). `response_type=code` with PKCE S256 is
all there is; request objects are refused by name. OAuth 2.1 s4.1.1, RFC 9101, RFC 8707.
"""

from __future__ import annotations

import re

from sqlalchemy import Connection

from yett.issuer.acr import ORDER
from yett.issuer.cookies import known_browser
from yett.issuer.details import read_details
from yett.issuer.errors import OAuthError
from yett.issuer.http import Ask
from yett.issuer.pending import Pending
from yett.issuer.redirects import allows
from yett.issuer.scopes import ask_scopes
from yett.issuer.server import Server
from yett.state.accounts.clients import Client, find_client

MAX_TEXT_CHARACTERS = 2048  # of state and nonce: they come back in a URL and in a token
MAX_HINT_CHARACTERS = 256
MAX_AGE_DIGITS = 9

PROMPTS = ("none", "login", "consent", "select_account")
RESPONSE_TYPES = ("code",)
RESPONSE_MODES = ("query",)
CHALLENGE_METHODS = ("S256",)
GRANT = "authorization_code"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"

# Request objects (RFC 9101) would be a second reading of the same request; a URI of one would be
# fetched from wherever it says (CWE-918).
REFUSED = {
    "request": "request_not_supported",
    "request_uri": "request_uri_not_supported",
    "registration": "registration_not_supported",
}

_SHA256 = re.compile(r"[A-Za-z0-9_-]{43}\Z")  # base64url of 32 bytes
_VISIBLE = re.compile(r"[\x20-\x7e]*\Z")  # RFC 6749 A.5: state is VSCHAR

Parameters = dict[str, str]


def read_client(tx: Connection, parameters: Parameters, grant: str = GRANT) -> Client:
    """Return the client that asks, by a grant type that it may use.

    Raises:
        OAuthError: there is none, or it may not ask people; to be shown.
    """
    client = find_client(tx, parameters.get("client_id", ""))
    if client is None or client.status != "active":
        raise OAuthError("invalid_request", "`client_id` is missing or not known here")
    if grant not in client.grants:
        raise OAuthError("unauthorized_client", "this client may not ask people")
    return client


def read_redirect(client: Client, parameters: Parameters) -> str:
    """Return where the answer goes.

    Raises:
        OAuthError: it is missing, or not exactly one that the client registered; to be shown.
    """
    uri = parameters.get("redirect_uri", "")
    if not allows(client, uri):
        raise OAuthError("invalid_request", "`redirect_uri` is not one of the client's own")
    return uri


def check_client(tx: Connection, pending: Pending) -> Client:
    """Return the client of a request that was kept; it may have been changed since.

    Raises:
        OAuthError: it may not ask any more, or not there; to be shown.
    """
    client = read_client(
        tx, {"client_id": pending.client}, DEVICE_GRANT if pending.device else GRANT
    )
    if not pending.device:
        read_redirect(client, {"redirect_uri": pending.redirect})
    return client


def check_browser(server: Server, ask: Ask, pending: Pending) -> None:
    """Let nobody go on with a request that another browser began, where it is bound to one.

    Raises:
        OAuthError: it is another's; to be shown.
    """
    if pending.browser and pending.browser != known_browser(server, ask):
        raise OAuthError("invalid_request", "this was begun in another browser; begin again here")


def read_state(parameters: Parameters) -> str:
    """Return the client's state; empty where it cannot be given back unchanged."""
    state = parameters.get("state", "")
    return state if len(state) <= MAX_TEXT_CHARACTERS and _VISIBLE.match(state) else ""


def read_request(
    server: Server, client: Client, parameters: Parameters, *, now: float, key: str = ""
) -> Pending:
    """Read what is asked for.

    Args:
        server: says which scopes and audience there are.
        client: from `read_client`.
        parameters: all of them; unknown ones are ignored (RFC 6749 s3.1).
        now: unix seconds.
        key: thumbprint of the key whose DPoP proof came with a pushed request (RFC 9449 s10.1).

    Raises:
        OAuthError: what the client is told, at its redirect URI.
    """
    for name, code in REFUSED.items():
        if name in parameters:
            raise OAuthError(code, f"`{name}` is not supported; push the request (RFC 9126)")
    _check_response(parameters)
    check_audience(server, parameters)
    return Pending(
        client=client.id,
        client_name=client.name or client.id,
        redirect=read_redirect(client, parameters),
        scopes=ask_scopes(server, client, parameters.get("scope", "")),
        state=_text(parameters, "state", MAX_TEXT_CHARACTERS),
        nonce=_text(parameters, "nonce", MAX_TEXT_CHARACTERS),
        challenge=_challenge(parameters),
        binding=_binding(parameters, key),
        acr=_acr(parameters),
        max_age=_max_age(parameters),
        prompt=_prompt(parameters),
        login_hint=parameters.get("login_hint", "")[:MAX_HINT_CHARACTERS],
        details=read_details(parameters.get("authorization_details", "")),
        created=now,
    )


def check_audience(server: Server, parameters: Parameters) -> None:
    """Refuse to give a token for somebody else's service under the name of ours (RFC 8707 s2).

    Raises:
        OAuthError: `invalid_target`.
    """
    for name in ("resource", "audience"):
        if parameters.get(name, server.settings.audience) != server.settings.audience:
            raise OAuthError("invalid_target", f"`{name}` is not served here")


def _check_response(parameters: Parameters) -> None:
    kind = parameters.get("response_type", "")
    if not kind:
        raise OAuthError("invalid_request", "`response_type` is missing")
    if kind not in RESPONSE_TYPES:
        raise OAuthError("unsupported_response_type", "`response_type` must be `code`")
    if parameters.get("response_mode", "query") not in RESPONSE_MODES:
        raise OAuthError("invalid_request", "`response_mode` must be `query`")


def _challenge(parameters: Parameters) -> str:
    """Demand PKCE of everybody, by S256: `plain` protects nothing that leaks (RFC 9700 s2.1.1)."""
    if parameters.get("code_challenge_method", "") not in CHALLENGE_METHODS:
        raise OAuthError("invalid_request", "`code_challenge_method` must be `S256`")
    challenge = parameters.get("code_challenge", "")
    if not _SHA256.match(challenge):
        raise OAuthError("invalid_request", "`code_challenge` is missing or not of S256")
    return challenge


def _binding(parameters: Parameters, key: str) -> str:
    named = parameters.get("dpop_jkt", "")
    if named and not _SHA256.match(named):
        raise OAuthError("invalid_request", "`dpop_jkt` is not a thumbprint")
    if named and key and named != key:
        raise OAuthError("invalid_dpop_proof", "`dpop_jkt` is not of the key of the proof")
    return f"jkt:{named or key}" if named or key else ""


def _acr(parameters: Parameters) -> tuple[str, ...]:
    asked = tuple(parameters.get("acr_values", "").split())
    known = tuple(acr for acr in asked if acr in ORDER)
    # Whoever asks for one of several levels takes any; levels that nobody has are never met.
    if asked and not known:
        raise OAuthError("unmet_authentication_requirements", "no `acr` of these is known here")
    return known


def _max_age(parameters: Parameters) -> float | None:
    text = parameters.get("max_age", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_AGE_DIGITS):
        raise OAuthError("invalid_request", "`max_age` is not a number of seconds")
    return float(text)


def _prompt(parameters: Parameters) -> tuple[str, ...]:
    prompt = tuple(parameters.get("prompt", "").split())
    if any(one not in PROMPTS for one in prompt):
        raise OAuthError("invalid_request", "`prompt` has a value that is not known")
    if "none" in prompt and len(prompt) > 1:
        raise OAuthError("invalid_request", "`prompt` is `none` and something else")
    return prompt


def _text(parameters: Parameters, name: str, most: int) -> str:
    value = parameters.get(name, "")
    if len(value) > most or not _VISIBLE.match(value):
        raise OAuthError("invalid_request", f"`{name}` is too long or not printable ASCII")
    return value
