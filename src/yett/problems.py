"""Every refusal yett can give: stable code, status, title and what the client may know.

The table is closed: a code is never reused, and each has one heading in docs/reference/problems.md.
A `Problem` is a value; only `gate/respond.py` turns it into `application/problem+json` (RFC 9457).
`detail` is for the client and echoes nothing unverified; `note` is for the record only.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

BASE_URI = "https://yett.dev/problems/"
# Registered problem types of draft-ietf-httpapi-ratelimit-headers-10.
IANA_URI = "https://iana.org/assignments/http-problem-types#"


class Kind(Struct, frozen=True):
    """A row of the table: `code` names it for ever, `detail` is its default explanation."""

    code: str
    status: int
    title: str
    detail: str
    uri: str = ""

    @property
    def type(self) -> str:
        """The stable URI that ends in the code (RFC 9457 s3.1.1)."""
        return self.uri or BASE_URI + self.code

    def __call__(
        self,
        detail: str = "",
        *,
        note: str = "",
        headers: tuple[tuple[bytes, bytes], ...] = (),
        pointer: str = "",
        fingerprint: str = "",
        close: bool = False,
        members: tuple[tuple[str, Any], ...] = (),
    ) -> Problem:
        """Build a refusal of this kind.

        Args:
            detail: what the client may know; the table's own text when empty.
            note: what only the record may know.
            headers: extra response fields (`Allow`, `WWW-Authenticate`, `Retry-After`).
            pointer: JSON pointer or `query/name` of the offending value, never the value.
            fingerprint: the detector's fingerprint for the record.
            close: whether the connection's framing can no longer be trusted.
            members: extension members of the answer (RFC 9457 s3.2): names and JSON values.
        """
        return Problem(
            self, detail or self.detail, note, headers, pointer, fingerprint, close, members
        )


class Problem(Struct, frozen=True):
    """A refusal with its place; see `Kind.__call__` for the fields."""

    kind: Kind
    detail: str
    note: str = ""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    pointer: str = ""
    fingerprint: str = ""
    close: bool = False
    members: tuple[tuple[str, Any], ...] = ()

    @property
    def code(self) -> str:
        """The stable code of the kind."""
        return self.kind.code

    @property
    def status(self) -> int:
        """The HTTP status of the kind."""
        return self.kind.status


# Step 1, route. RFC 9110 s15.5.5, s15.5.6.
UNDECLARED_PATH = Kind("undeclared-path", 404, "Not found", "the contract declares no such path")
UNDECLARED_METHOD = Kind(
    "undeclared-method", 405, "Method not allowed", "the contract declares other methods here"
)
# Step 2, hygiene. RFC 9112, RFC 9110.
MALFORMED_REQUEST = Kind(
    "malformed-request", 400, "Malformed request", "the request is not well-formed HTTP/1.1"
)
AMBIGUOUS_TARGET = Kind(
    "ambiguous-target", 400, "Ambiguous target", "the request target has more than one reading"
)
TARGET_TOO_LONG = Kind("target-too-long", 414, "Target too long", "the request target is too long")
HEAD_TOO_LARGE = Kind("head-too-large", 431, "Head too large", "the header section is too large")
UNSUPPORTED_EXPECTATION = Kind(
    "unsupported-expectation", 417, "Expectation failed", "only `100-continue` is understood"
)
REQUEST_TIMEOUT = Kind("request-timeout", 408, "Request timeout", "the request came too slowly")
UNSUPPORTED_VERSION = Kind(
    "unsupported-version", 505, "Version not supported", "the gate speaks HTTP/1.1 and HTTP/1.0"
)
ORIGIN_NOT_ALLOWED = Kind(
    "origin-not-allowed", 403, "Origin not allowed", "this origin may not use the API"
)
CROSS_SITE_REQUEST = Kind(
    "cross-site-request", 403, "Cross-site request", "a cookie is not accepted from another site"
)
# Step 3 and 6, limits. RFC 6585 s4, draft-ietf-httpapi-ratelimit-headers-10.
QUOTA_EXCEEDED = Kind(
    "quota-exceeded",
    429,
    "Quota exceeded",
    "too many requests; see `Retry-After`",
    IANA_URI + "quota-exceeded",
)
TOO_MANY_FAILURES = Kind(
    "abnormal-usage-detected",
    429,
    "Abnormal usage detected",
    "too many refused requests from this source; see `Retry-After`",
    IANA_URI + "abnormal-usage-detected",
)
TOO_MANY_IN_FLIGHT = Kind(
    "too-many-in-flight", 429, "Too many in flight", "too many requests at the same time"
)
REDUCED_CAPACITY = Kind(
    "temporary-reduced-capacity",
    503,
    "Temporarily reduced capacity",
    "the gate is shedding load; see `Retry-After`",
    IANA_URI + "temporary-reduced-capacity",
)
# Step 4 and 5, credential. RFC 9110 s15.5.2, RFC 6750 s3.
CREDENTIAL_MISSING = Kind(
    "credential-missing", 401, "Credential missing", "this operation needs a credential"
)
CREDENTIAL_INVALID = Kind(
    "credential-invalid", 401, "Credential invalid", "the credential was not accepted"
)
CREDENTIAL_EXPIRED = Kind(
    "credential-expired", 401, "Credential expired", "the credential has expired"
)
CREDENTIAL_REVOKED = Kind(
    "credential-revoked", 401, "Credential revoked", "the credential is no longer accepted"
)
# RFC 9449 s7.1, s9.
PROOF_INVALID = Kind(
    "proof-invalid", 401, "Proof invalid", "the proof of possession was not accepted"
)
PROOF_NONCE_NEEDED = Kind(
    "proof-nonce-needed", 401, "Proof needs a nonce", "the proof needs the nonce of `DPoP-Nonce`"
)
KEYS_UNAVAILABLE = Kind(
    "keys-unavailable", 503, "Keys unavailable", "the issuer's keys cannot be read at the moment"
)
REVOCATIONS_UNAVAILABLE = Kind(
    "revocations-unavailable",
    503,
    "Revocations unavailable",
    "whether the credential was revoked cannot be known at the moment",
)
# Step 7, scopes. RFC 6750 s3.1.
SCOPE_MISSING = Kind("scope-missing", 403, "Scope missing", "the credential lacks a needed scope")
UNGUARDED_OPERATION = Kind(
    "unguarded-operation", 403, "Unguarded operation", "no rule says who may call this operation"
)
# Step 8, shape.
PARAMETER_INVALID = Kind(
    "parameter-invalid", 400, "Parameter invalid", "a parameter does not fit the contract"
)
PARAMETER_UNKNOWN = Kind(
    "parameter-unknown", 400, "Parameter unknown", "the contract declares no such parameter"
)
BODY_NOT_DECLARED = Kind(
    "body-not-declared", 400, "Body not declared", "this operation takes no body"
)
BODY_MISSING = Kind("body-missing", 400, "Body missing", "this operation needs a body")
BODY_TOO_LARGE = Kind("body-too-large", 413, "Body too large", "the body is too large")
BODY_MALFORMED = Kind("body-malformed", 400, "Body malformed", "the body cannot be read one way")
BODY_TOO_DEEP = Kind("body-too-deep", 400, "Body too deep", "the body is nested too deeply")
MEDIA_TYPE_UNDECLARED = Kind(
    "media-type-undeclared", 415, "Unsupported media type", "the contract declares other types"
)
BODY_INVALID = Kind("body-invalid", 422, "Body invalid", "the body does not fit the contract")
# Step 9, injection.
INJECTION_SUSPECTED = Kind(
    "injection-suspected", 400, "Injection suspected", "a value looks like an injection"
)
# Step 11, workflow and record.
NOT_PERMITTED = Kind("not-permitted", 403, "Not permitted", "no rule permits this")
# Missing and forbidden are one answer: who may not see a record does not learn that it exists.
NO_SUCH_RECORD = Kind("no-such-record", 404, "No such record", "there is no such record")
REFERENCE_UNKNOWN = Kind(
    "reference-unknown", 422, "Reference unknown", "a value names a record that does not exist"
)
FIELD_NOT_PERMITTED = Kind(
    "field-not-permitted", 403, "Field not permitted", "no rule permits to write this field"
)
WRONG_STATE = Kind(
    "wrong-state", 409, "Wrong state", "the record is in a state that does not allow this"
)
RECORD_UNREADABLE = Kind(
    "record-unreadable",
    502,
    "Record unreadable",
    "the service did not give the record to decide on",
)
RECORD_BUSY = Kind(
    "record-busy", 503, "Record busy", "others are writing this record; see `Retry-After`"
)
RECORD_CHANGED = Kind(
    "record-changed", 409, "Record changed", "the record was changed at the same time; try again"
)
# Step 12, step-up and approvals. RFC 9470 s3.
STEP_UP_NEEDED = Kind(
    "step-up-needed", 401, "Step-up needed", "this operation needs a stronger or fresher sign-in"
)
APPROVAL_NEEDED = Kind(
    "approval-needed", 403, "Approval needed", "other people must approve exactly this request"
)
APPROVAL_INVALID = Kind(
    "approval-invalid", 403, "Approval invalid", "the approval is not for this request, or is over"
)
# Step 13, forward. RFC 9110 s15.6.
UPSTREAM_UNREACHABLE = Kind(
    "upstream-unreachable", 502, "Bad gateway", "the service cannot be reached"
)
UPSTREAM_BROKEN = Kind(
    "upstream-broken", 502, "Bad gateway", "the service gave an answer that is not HTTP"
)
UPSTREAM_TIMEOUT = Kind("upstream-timeout", 504, "Gateway timeout", "the service took too long")
UPSTREAM_FAILED = Kind("upstream-failed", 500, "Service failed", "the service failed")
LOOP_DETECTED = Kind("loop-detected", 508, "Loop detected", "the request came back to this gate")
# Step 14, response rules.
ANSWER_UNCHECKABLE = Kind(
    "answer-uncheckable", 502, "Answer uncheckable", "the service's answer cannot be checked"
)
# In records only: what an answer held is left out of it, or noted in mode `observe`.
ANSWER_UNDECLARED = Kind(
    "answer-undeclared", 502, "Answer undeclared", "the contract declares no such field"
)
# Step 15 and 16.
NOT_RECORDED = Kind(
    "not-recorded", 503, "Not recorded", "the decision cannot be recorded at the moment"
)
INTERNAL = Kind("internal-error", 500, "Internal error", "the gate failed; nothing was let through")

KINDS: tuple[Kind, ...] = tuple(v for v in globals().values() if isinstance(v, Kind))
