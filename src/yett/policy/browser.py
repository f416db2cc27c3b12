"""What browsers may do, compiled: CORS answers as ready bytes and the Fetch Metadata rule.

Origins are an exact set: no pattern, no suffix, no reflection, never `null` (WHATWG Fetch s3.2).
CSRF follows Go 1.25's CrossOriginProtection: `Sec-Fetch-Site` first, `Origin` against `Host` where
a browser does not send it (OWASP CSRF Prevention, Fetch Metadata). Nothing is decided here.
"""

from __future__ import annotations

from msgspec import Struct

from yett.contract.config import CorsConfig

SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))


class Browser(Struct, frozen=True):
    """Compiled `[cors]`.

    Args:
        origins: allowed `Origin` value -> response fields for it.
        vary: the field for answers to callers without an allowed origin.
        headers: lower-case request fields a preflight may ask for.
        preflight: fields of a preflight answer that do not depend on the path.
        answers: whether the gate answers for the service; not while the rule only observes.
    """

    origins: dict[bytes, bytes]
    vary: bytes
    headers: frozenset[bytes]
    preflight: tuple[tuple[bytes, bytes], ...]
    answers: bool = True

    @classmethod
    def from_config(cls, config: CorsConfig, *, answers: bool = True) -> Browser:
        """Compile the table; an empty one where the service answers browsers itself."""
        if not answers:
            return cls({}, b"", frozenset(), (), answers=False)
        extra = b"access-control-allow-credentials: true\r\n" if config.credentials else b""
        if config.expose:
            extra += f"access-control-expose-headers: {', '.join(config.expose)}\r\n".encode()
        # `Vary: Origin` always, or a shared cache hands one origin's answer to another.
        vary = b"vary: Origin\r\n" if config.origins else b""
        return cls(
            {
                origin.encode(): f"access-control-allow-origin: {origin}\r\n".encode()
                + vary
                + extra
                for origin in config.origins
            },
            vary,
            frozenset(name.lower().encode() for name in config.headers),
            (
                (b"access-control-allow-headers", ", ".join(config.headers).encode()),
                (b"access-control-max-age", str(config.max_age).encode()),
            ),
        )
