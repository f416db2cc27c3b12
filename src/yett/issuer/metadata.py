"""What this issuer can do, as documents that clients configure themselves by.

Drawn from the tables that decide, so that nothing is promised that is refused, and the same for
both: RFC 8414 (`oauth-authorization-server`) and OpenID Connect Discovery (`openid-configuration`),
below the issuer's path and, where it has one, also at the host's root (RFC 8414 s3.1).
"""

from __future__ import annotations

from typing import Any

import msgspec

from yett.issuer.acr import ORDER
from yett.issuer.assertion import ALGORITHMS as ASSERTION_ALGORITHMS
from yett.issuer.client_auth import METHODS, NONE
from yett.issuer.details import CHECKS
from yett.issuer.http import Answer, Ask, Route
from yett.issuer.request import CHALLENGE_METHODS, PROMPTS, RESPONSE_MODES, RESPONSE_TYPES
from yett.issuer.scopes import OPENID_SCOPES
from yett.issuer.server import Server
from yett.issuer.token import GRANTS
from yett.issuer.userinfo import SCOPE_CLAIMS

MAX_AGE_SECONDS = 300

ENDPOINTS = {
    "authorization_endpoint": "/authorize",
    "token_endpoint": "/token",
    "pushed_authorization_request_endpoint": "/par",
    "device_authorization_endpoint": "/device_authorization",
    "revocation_endpoint": "/revoke",
    "introspection_endpoint": "/introspect",
    "userinfo_endpoint": "/userinfo",
    "end_session_endpoint": "/end_session",
    "jwks_uri": "/jwks",
}

# Whose clients authenticate by `client_auth`, each by its one registered method.
AUTHENTICATED = ("token", "revocation", "introspection")

ID_TOKEN_CLAIMS = ("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid")


def describe_server(server: Server) -> dict[str, Any]:
    """Return the document."""
    named = {name: server.at(path) for name, path in ENDPOINTS.items()}
    told = [claim for claims in SCOPE_CLAIMS.values() for claim in claims]
    return {
        "issuer": server.url,
        **named,
        **_authentication(),
        "scopes_supported": [*OPENID_SCOPES, *server.config.vocabulary.scopes],
        "response_types_supported": list(RESPONSE_TYPES),
        "response_modes_supported": list(RESPONSE_MODES),
        "grant_types_supported": list(GRANTS),
        "code_challenge_methods_supported": list(CHALLENGE_METHODS),
        "prompt_values_supported": list(PROMPTS),
        "acr_values_supported": list(ORDER),
        "authorization_details_types_supported": list(CHECKS),
        "authorization_response_iss_parameter_supported": True,
        "require_pushed_authorization_requests": False,
        "dpop_signing_alg_values_supported": list(server.config.identity.dpop.algorithms),
        "tls_client_certificate_bound_access_tokens": True,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [server.settings.algorithm],
        "claims_supported": [*ID_TOKEN_CLAIMS, *told],
        # Each of these has a default of true, or is asked for by name (Discovery s3).
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


def _authentication() -> dict[str, list[str]]:
    found = {}
    for name in AUTHENTICATED:
        # A public client may give back its own token; it is told nothing about any.
        methods = [one for one in METHODS if one != NONE or name != "introspection"]
        found[f"{name}_endpoint_auth_methods_supported"] = methods
        found[f"{name}_endpoint_auth_signing_alg_values_supported"] = list(ASSERTION_ALGORITHMS)
    return found


def metadata(server: Server, ask: Ask) -> Answer:
    """Answer `GET` of both documents."""
    del ask
    headers = (
        ("content-type", "application/json"),
        ("cache-control", f"public, max-age={MAX_AGE_SECONDS}"),
    )
    return Answer(headers=headers, body=msgspec.json.encode(describe_server(server)))


ROUTES = tuple(
    Route(method="GET", path=f"/.well-known/{name}", endpoint=metadata, root=True, cross=True)
    for name in ("openid-configuration", "oauth-authorization-server")
)
