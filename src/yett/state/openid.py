"""An outside OpenID provider: its metadata and keys as they change, and codes redeemed at it.

Blocking, for threads, and bounded: so many wait for a provider at once at most, so that a slow one
takes no thread from those who sign in otherwise. What was good once stays when a fetch fails. All
addresses come from the configuration or the provider's own metadata, none from a person or a token.
OpenID Connect Discovery s4, RFC 8414 s3.3; RFC 6749 s4.1.3; RFC 7636 s4.5.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from msgspec import Struct

from yett.contract.identity_settings import ProviderConfig
from yett.credentials.keyset import MAX_KEY_SET_BYTES, KeySet, KeySetError, load_keys
from yett.credentials.strict_json import read_object
from yett.state.client_secret import basic, read_client_secret
from yett.state.discovery import MAX_METADATA_BYTES, address_in, read_metadata, well_known
from yett.state.errors import StateError
from yett.state.fetch import FetchError, fetch, post
from yett.terms import Secret

FRESH_SECONDS = 600.0
COOL_DOWN_SECONDS = 30.0  # between fetches, whatever asks for them (go-oidc #482)
FIRST_PAUSE_SECONDS = 1.0  # while nothing was ever had
MAX_WAITING = 4
PATIENCE_SECONDS = 2.0  # for a place among those
MAX_ANSWER_BYTES = 64 * 1024
MAX_ID_TOKEN_CHARACTERS = 8192

Fetch = Callable[[str, int], bytes]
Post = Callable[[str, bytes, Secret, int], bytes]


class Metadata(Struct, frozen=True, kw_only=True):
    """What a provider says of itself.

    Args:
        authorize, token, jwks: its addresses.
        says_issuer: whether its answers always carry `iss` (RFC 9207 s3).
    """

    authorize: str
    token: str
    jwks: str
    says_issuer: bool


class OpenIdProvider:
    """One provider, shared by all threads.

    Args:
        config: `[[identity.builtin.provider]]`.
        folder: where its secret's file is.
        fetch, post: reach it.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        config: ProviderConfig,
        folder: Path,
        *,
        fetch: Fetch = fetch,
        post: Post = post,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.config = config
        self._secret_file = folder / config.secret
        self._fetch, self._post, self._clock = fetch, post, clock
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(MAX_WAITING)
        self._metadata: Metadata | None = None
        self._keys: KeySet | None = None
        self._fresh_until = self._tried = float("-inf")

    def metadata(self) -> Metadata:
        """Return what the provider says of itself, at most some minutes old while it answers.

        Raises:
            FetchError: nothing is known of it, or too many wait for it.
        """
        if self._clock() >= self._fresh_until:
            self._refresh()
        if self._metadata is None:
            raise FetchError(f"nothing is known of `{self.config.url}`")
        return self._metadata

    def keys(self, kid: str = "") -> KeySet | None:
        """Return its keys; asks again, after a pause, where none has that name."""
        held = self._keys
        if held is None or (kid and kid not in held.keys) or self._clock() >= self._fresh_until:
            self._refresh()
        return self._keys

    def redeem(self, code: str, verifier: str, redirect: str) -> bytes:
        """Trade a code for its ID token; everything else in the answer is dropped unread.

        Args:
            code: as it came back.
            verifier: of PKCE.
            redirect: the redirect URI that was asked with.

        Raises:
            FetchError: it is refused, cannot be had, or is no ID token.
            StateError: our secret cannot be read.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "code_verifier": verifier,
        }
        address = self.metadata().token
        with self._place():
            body = urlencode(form).encode()
            answer = self._post(address, body, self._authorization(), MAX_ANSWER_BYTES)
        read = read_object(answer)
        token = read.get("id_token") if isinstance(read, dict) else None
        if not isinstance(token, str) or len(token) > MAX_ID_TOKEN_CHARACTERS:
            raise FetchError(f"`{address}` answered no ID token")
        return token.encode("utf-8", "replace")

    def _authorization(self) -> Secret:
        """Write our credentials; the file is read anew, for the secret may be rotated."""
        try:
            secret = read_client_secret(self._secret_file.read_bytes())
        except OSError as error:
            name = str(self._secret_file)
            raise StateError(f"cannot be read: {error.strerror}", path=name) from error
        return basic(self.config.client_id, secret)

    def _refresh(self) -> None:
        """Fetch metadata and keys, unless that was tried just now; who comes meanwhile waits."""
        try:
            with self._place(), self._lock:
                pause = COOL_DOWN_SECONDS if self._metadata else FIRST_PAUSE_SECONDS
                if self._clock() - self._tried < pause:
                    return
                self._tried = self._clock()
                metadata = self._discover()
                document = self._fetch(metadata.jwks, MAX_KEY_SET_BYTES)
                self._keys = load_keys(document, self.config.algorithms)
                self._metadata = metadata
                self._fresh_until = self._clock() + FRESH_SECONDS
        except (FetchError, KeySetError) as error:
            if self._metadata is None:
                raise FetchError(error.message) from error
            # What is held stays (PyJWT GHSA-fhv5 lost it).

    def _discover(self) -> Metadata:
        return read_provider(
            self.config.url, self._fetch(well_known(self.config.url)[0], MAX_METADATA_BYTES)
        )

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(timeout=PATIENCE_SECONDS):
            raise FetchError(f"too many wait for `{self.config.url}`")
        try:
            yield
        finally:
            self._places.release()


def read_provider(issuer: str, document: bytes) -> Metadata:
    """Read a provider's metadata.

    Raises:
        FetchError: it names another issuer, leads away from https, or cannot do what we need.
    """
    said = read_metadata(issuer, document)
    methods = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    if not isinstance(methods, list) or "client_secret_basic" not in methods:
        raise FetchError(f"`{issuer}` does not take `client_secret_basic`")
    return Metadata(
        authorize=address_in(said, "authorization_endpoint"),
        token=address_in(said, "token_endpoint"),
        jwks=address_in(said, "jwks_uri"),
        says_issuer=said.get("authorization_response_iss_parameter_supported") is True,
    )
