"""An outside transmitter of security events: its keys as they change, and what it pushes with.

Blocking, for threads. Keys are a file or come from the address in the configuration or in the
transmitter's own metadata (OpenID SSF 1.0 s7), never from an event. What was good stays when a
fetch fails; an unknown `kid` starts one fetch in a while, whoever asks.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from yett.contract.identity_settings import TransmitterConfig
from yett.credentials.keyset import MAX_KEY_SET_BYTES, KeySet, KeySetError, load_keys
from yett.state.bearer import read_bearer
from yett.state.discovery import MAX_METADATA_BYTES, address_in, read_metadata
from yett.state.errors import StateError
from yett.state.fetch import FetchError, fetch
from yett.terms import Secret

FRESH_SECONDS = 600.0
COOL_DOWN_SECONDS = 30.0

Fetch = Callable[[str, int], bytes]


class Transmitter:
    """One transmitter, shared by all threads.

    Args:
        config: `[[identity.builtin.transmitter]]`.
        folder: where relative paths start.
        fetch: gets a document.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        config: TransmitterConfig,
        folder: Path,
        *,
        fetch: Fetch = fetch,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.config, self._folder = config, folder
        self._fetch, self._clock = fetch, clock
        self._lock = threading.Lock()
        self._keys: KeySet | None = None
        self._tried = self._read_at = float("-inf")

    def bearer(self) -> Secret:
        """Read the token that it pushes with, anew: it may be rotated.

        Raises:
            StateError: the file is missing or holds no token.
        """
        path = self._folder / self.config.bearer
        try:
            return read_bearer(path.read_bytes())
        except OSError as error:
            raise StateError(f"cannot be read: {error.strerror}", path=str(path)) from error

    def keys(self, kid: str) -> KeySet | None:
        """Return its keys, asking again, after a pause, where none has that name."""
        with self._lock:
            held, now = self._keys, self._clock()
            old = now - self._read_at >= FRESH_SECONDS
            if (held is None or kid not in held.keys or old) and (
                now - self._tried >= COOL_DOWN_SECONDS
            ):
                self._tried = now
                self._refresh(now)
            return self._keys

    def _refresh(self, now: float) -> None:
        try:
            self._keys = load_keys(self._document(), self.config.algorithms)
            self._read_at = now
        except (FetchError, KeySetError, OSError):
            return  # what is held stays; without any, every event is refused

    def _document(self) -> bytes:
        source = self.config.jwks
        if source and "://" not in source:
            return (self._folder / source).read_bytes()
        return self._fetch(source or self._discover(), MAX_KEY_SET_BYTES)

    def _discover(self) -> str:
        url = self.config.url
        parts = urlsplit(url)
        where = f"{parts.scheme}://{parts.netloc}/.well-known/ssf-configuration"
        document = self._fetch(where + parts.path.rstrip("/"), MAX_METADATA_BYTES)
        return address_in(read_metadata(url, document), "jwks_uri")
