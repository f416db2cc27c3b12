"""`[identity]` as frozen values: who vouches for callers, and yett's own authorization server.

The shape alone; what the values must mean together is `config_identity.py`. A check that needs a
value has no default: without issuer, audience and algorithms nothing can be verified.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

# What may sign a token: asymmetric algorithms only. A shared secret (HS*) lets every verifier
# forge, and a server that takes both can be talked into using its public key as the secret
# (RFC 8725 s2.1, CVE-2015-9235).
ALGORITHMS: tuple[str, ...] = (
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
    "PS256",
    "PS384",
    "PS512",
    "RS256",
    "RS384",
    "RS512",
)

MAX_ACCESS_SECONDS = 3600  # an access token of ours: whoever keeps one has it for so long

Skew = Annotated[float, Meta(ge=0, le=300)]
Lifetime = Annotated[float, Meta(gt=0, le=366 * 86400)]
Days = Annotated[int, Meta(ge=1, le=3660)]


class IntrospectionConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How opaque tokens of an issuer are asked for (RFC 7662), `identity.issuer.introspection`.

    Args:
        client_id: the gate's own client at the issuer.
        secret: a file with its secret, one line, relative to yett.toml.
        url: the endpoint; from the issuer's metadata when empty.
        ttl: seconds for which an answer is good, at least 1, never longer than the token.
        always: whether JWTs of this issuer are asked for, too.
        opaque: whether it is asked about tokens that name no issuer; one issuer at most.
        any_audience: whether an answer without `aud` is taken. The issuer then has to see to it
            that a token for another API is not active for this client.
    """

    client_id: str
    secret: str
    url: str = ""
    ttl: Annotated[float, Meta(ge=0, le=300)] = 30.0
    always: bool = False
    opaque: bool = True
    any_audience: bool = False


class IssuerConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An outside issuer of tokens, `[[identity.issuer]]`.

    No defaults for `url`, `audience` and `algorithms`: without them nothing can be verified.

    Args:
        url: the exact `iss` value.
        audience: the value that `aud` must contain.
        algorithms: allowed `alg` values, from the asymmetric list of RFC 8725 s3.1.
        jwks: a file path or a URL of the key set; discovery from `url` when empty.
        skew: seconds of clock difference allowed, at most 300.
        types: accepted `typ` values (RFC 9068 s4 wants `at+jwt`).
        required: claims that must be present beside `iss aud exp sub`.
        scope_claim, roles_claim, tenant_claim, client_claim: where those are found.
        namespace: prefix of the ids of this issuer's principals in Cedar, where there are several.
        acr: the issuer's `acr` values -> ours; one that is not listed is none (RFC 9470).
        introspection: how its opaque tokens are verified.
    """

    url: str
    audience: str
    algorithms: tuple[str, ...]
    jwks: str = ""
    skew: Skew = 30.0
    types: tuple[str, ...] = ("at+jwt",)
    required: tuple[str, ...] = ()
    scope_claim: str = "scope"
    roles_claim: str = "roles"
    tenant_claim: str = ""
    client_claim: str = "client_id"
    namespace: str = ""
    acr: dict[str, str] = {}
    introspection: IntrospectionConfig | None = None


class ProviderConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An outside OpenID provider that people sign in with, `[[identity.builtin.provider]]`.

    Args:
        name: what the button says, and its place in addresses; lower-case letters, digits, `-`.
        url: the provider's exact `iss`.
        client_id: our client there.
        secret: a file with its secret, one line, relative to yett.toml.
        algorithms: what ID tokens may be signed with.
        scopes: asked for beside `openid`.
        acr: the provider's `acr` values -> ours; one that is not listed is single-factor.
        create: whether an unknown person gets an account.
        roles: roles of accounts that are made so.
    """

    name: str
    url: str
    client_id: str
    secret: str
    algorithms: tuple[str, ...] = ("RS256", "ES256")
    scopes: tuple[str, ...] = ("email", "profile")
    acr: dict[str, str] = {}
    create: bool = False
    roles: tuple[str, ...] = ()


class TransmitterConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An outside transmitter of security events (OpenID SSF), `[[identity.builtin.transmitter]]`.

    Args:
        url: its exact `iss`.
        audience: the value that `aud` of its events must contain.
        algorithms: what its events may be signed with.
        jwks: a file or URL of its keys; from its SSF metadata when empty.
        bearer: a file with the token that it pushes with (RFC 8935), relative to yett.toml.
        subjects: the issuer whose principals its subjects are; the accounts here when empty.
    """

    url: str
    audience: str
    algorithms: tuple[str, ...]
    bearer: str
    jwks: str = ""
    subjects: str = ""


class InactivityConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What becomes of accounts, clients and keys that nobody uses, `identity.builtin.inactivity`.

    Args:
        warn: days without a sign-in, a token or a call after which a record says so.
        disable: days after which it is disabled, if it was warned of early enough; API keys end
            without a warning. The last administrator is never disabled.
    """

    warn: Days = 60
    disable: Days = 90


class BuiltinConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """yett's own authorization server, `[identity.builtin]`. Times are seconds.

    Args:
        url: its issuer identifier. With a path (`https://api.example.com/auth`) the gate serves it
            there too, and browser sessions work for the API.
        audience: the `aud` of the access tokens it issues.
        listen: where its process listens, `host:port`.
        algorithm: what it signs with.
        access_lifetime: of access tokens.
        refresh_lifetime: of a grant, from its sign-in; refreshing does not extend it.
        session_lifetime, session_idle: of a browser's sign-in, in all and without use.
        refresh_grace: after a rotation, for which the same successor is handed out again to a
            client that lost the answer; 0 for none.
        key_days: days after which a signing key is followed by a new one.
        passwords: whether people may sign in with a password and a second factor.
        admin_role: the role of administrators, of whom the last is never disabled.
        limits: how often one address may ask it through the gate.
        inactivity: what becomes of what nobody uses; never checked when absent.
        provider: outside OpenID providers that people may sign in with.
        transmitter: who may tell us that a session or an account has ended elsewhere.
    """

    url: str
    audience: str
    listen: str = "127.0.0.1:8090"
    algorithm: Literal["ES256", "EdDSA", "PS256", "RS256"] = "ES256"
    access_lifetime: Annotated[float, Meta(gt=0, le=MAX_ACCESS_SECONDS)] = 600.0
    refresh_lifetime: Lifetime = 30 * 86400.0
    session_lifetime: Lifetime = 12 * 3600.0
    session_idle: Lifetime = 3600.0
    refresh_grace: Annotated[float, Meta(ge=0, le=60)] = 0.0
    key_days: Days = 90
    passwords: bool = False
    admin_role: str = "admin"
    limits: tuple[str, ...] = ("600/min per ip",)
    inactivity: InactivityConfig | None = None
    provider: tuple[ProviderConfig, ...] = ()
    transmitter: tuple[TransmitterConfig, ...] = ()


class DpopConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Proofs of possession (RFC 9449), `[identity.dpop]`.

    Args:
        nonce: whether a proof must carry a nonce of ours (s9).
        max_age: seconds for which a proof is good, before and after its `iat`.
        algorithms: what proofs may be signed with.
        max_remembered: proofs remembered against replay, on this host; when they are full, proofs
            are refused.
        hosts: `host` or `host:port` that proofs may be for; whatever `Host` says when empty.
    """

    nonce: bool = False
    max_age: Annotated[float, Meta(gt=0, le=300)] = 60.0
    algorithms: tuple[str, ...] = ("ES256", "EdDSA", "Ed25519", "PS256", "RS256")
    max_remembered: Annotated[int, Meta(ge=1024, le=1 << 24)] = 1 << 18
    hosts: tuple[str, ...] = ()


class CertificateConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A service that is known by its client certificate, `[[identity.certificate]]`.

    Args:
        name: the certificate's name: `uri:spiffe://...`, `dns:...` or `email:...`, exactly.
        service: the principal's id.
        scopes, roles: what it may do.
        tenant: its tenant.
    """

    name: str
    service: str
    scopes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    tenant: str = ""


class IdentityConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who vouches for callers, `[identity]`.

    Args:
        issuer: outside issuers.
        builtin: yett's own authorization server.
        keys: the file of API keys.
        dpop: proofs of possession.
        certificate: services by their client certificates, for the scheme `mutualTLS`.
        stale: seconds without a look at the revocations after which unsafe requests with a
            credential are refused (503); reading goes on.
    """

    issuer: tuple[IssuerConfig, ...] = ()
    builtin: BuiltinConfig | None = None
    keys: str = ""
    dpop: DpopConfig = DpopConfig()
    certificate: tuple[CertificateConfig, ...] = ()
    stale: Annotated[float, Meta(gt=0, le=3600)] = 10.0
