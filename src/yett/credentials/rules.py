"""What an issuer's tokens must satisfy, as frozen values; `state` makes them from `yett.toml`.

There are no defaults for issuer, audience and algorithms: without them nothing can be verified
(RFC 8725 s3.1, s3.8, s3.9). A rule set that could not refuse anything cannot be built.
"""

from __future__ import annotations

from msgspec import Struct

from yett.credentials.algorithms import ALGORITHMS
from yett.credentials.structure import media_type

MAX_SKEW_SECONDS = 300.0


class RulesError(ValueError):
    """Rules that cannot be used; `message` says what is wrong and `hint` what to write."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class JwtRules(Struct, frozen=True, kw_only=True):
    """How to judge the JWTs of one issuer.

    Args:
        issuer: the exact `iss`.
        audience: must be among `aud`.
        algorithms: names from `algorithms.ALGORITHMS`; all symmetric or all asymmetric.
        skew: seconds of clock difference allowed.
        types: accepted `typ` values; `""` accepts a token without one.
        required: claims that must be present beside `iss aud exp sub`.
        scope_claim: a string of scopes separated by spaces, or a list of them.
        roles_claim: a list of roles or one role; a dotted path where no claim has that name.
        tenant_claim, client_claim: strings, dotted as above; an empty name reads nothing.
        acr: the issuer's `acr` values -> ours; when empty they are taken as they are.
        always: whether the issuer is asked about its JWTs, too (RFC 7662).
        any_audience: whether what it answers about a token may leave out `aud`.
    """

    issuer: str
    audience: str
    algorithms: tuple[str, ...]
    skew: float = 30.0
    types: tuple[str, ...] = ("at+jwt",)
    required: tuple[str, ...] = ()
    scope_claim: str = "scope"
    roles_claim: str = "roles"
    tenant_claim: str = ""
    client_claim: str = "client_id"
    acr: dict[str, str] = {}
    always: bool = False
    any_audience: bool = False

    def __post_init__(self) -> None:
        if not (self.issuer and self.audience and self.types):
            raise RulesError("an issuer needs `url`, `audience` and `types`")
        unknown = [name for name in self.algorithms if name not in ALGORITHMS]
        if unknown or not self.algorithms:
            named = f"`{unknown[0]}` is not an algorithm" if unknown else "`algorithms` is empty"
            raise RulesError(named, "known: " + ", ".join(ALGORITHMS))
        if len({ALGORITHMS[name].symmetric for name in self.algorithms}) > 1:
            # Key confusion (CVE-2015-9235 and its kin): a public key taken for an HMAC secret.
            raise RulesError("symmetric and asymmetric algorithms cannot be mixed")
        if not 0 <= self.skew <= MAX_SKEW_SECONDS:
            raise RulesError(f"`skew` must be between 0 and {MAX_SKEW_SECONDS:.0f} seconds")

    def accepts_type(self, folded: str) -> bool:
        """Whether a folded `typ` (see `structure.media_type`) is one of `types`."""
        return any(media_type(accepted) == folded for accepted in self.types)
