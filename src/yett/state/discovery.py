"""Finds where an issuer has its keys and endpoints: OpenID Connect Discovery s4, RFC 8414 s3.

The metadata must name exactly the issuer that was asked (RFC 8414 s3.3), or one issuer could speak
for another, and an https issuer cannot send us to plain http.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yett.credentials.strict_json import read_object
from yett.state.fetch import FetchError, check_url

MAX_METADATA_BYTES = 128 * 1024

Fetch = Callable[[str, int], bytes]


def well_known(issuer: str) -> tuple[str, str]:
    """Return the two places where metadata may be: OpenID's, then RFC 8414's."""
    parts = check_url(issuer)
    path = parts.path.rstrip("/")
    root = f"{parts.scheme}://{parts.netloc}"
    return (
        f"{root}{path}/.well-known/openid-configuration",
        f"{root}/.well-known/oauth-authorization-server{path}",
    )


def find_jwks(issuer: str, fetch: Fetch) -> str:
    """Return the issuer's `jwks_uri`; errors as in `find_endpoint`."""
    return find_endpoint(issuer, "jwks_uri", fetch)


def find_endpoint(issuer: str, name: str, fetch: Fetch) -> str:
    """Return an address that the issuer's metadata has under `name`.

    Raises:
        FetchError: no metadata, or metadata that cannot be trusted.
    """
    failures = []
    for url in well_known(issuer):
        try:
            return address_in(read_metadata(issuer, fetch(url, MAX_METADATA_BYTES)), name)
        except FetchError as error:
            failures.append(error.message)
    raise FetchError("; ".join(failures))


def read_metadata(issuer: str, document: bytes) -> dict[str, Any]:
    """Read an issuer's metadata.

    Raises:
        FetchError: it is no JSON object with one reading, or names another issuer.
    """
    said = read_object(document)
    if isinstance(said, str):
        raise FetchError(f"the metadata of `{issuer}` {said}")
    if said.get("issuer") != issuer:
        raise FetchError(f"the metadata of `{issuer}` names another issuer")
    return said


def address_in(said: dict[str, Any], name: str) -> str:
    """Return an address that an issuer's metadata has under a name.

    Raises:
        FetchError: there is none, it may not be fetched, or it leads from https to http.
    """
    issuer, value = said["issuer"], said.get(name)
    if not isinstance(value, str):
        raise FetchError(f"the metadata of `{issuer}` has no `{name}`")
    if check_url(value).scheme != "https" and check_url(issuer).scheme == "https":
        raise FetchError(f"the metadata of `{issuer}` leads away from https")
    return value
