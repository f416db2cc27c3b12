"""Response fields as ready bytes: what is added to every answer, what is never passed on.

For JSON the OWASP REST cheat sheet's fields are one constant block: an API response is never a
page, so nothing in it may run, be framed, sniffed or cached. Nothing is decided here.
"""

from __future__ import annotations

from msgspec import Struct

from yett.contract.config import Config
from yett.terms import Mode

_ALWAYS = (
    b"content-security-policy: default-src 'none'; frame-ancestors 'none'\r\n"
    b"x-content-type-options: nosniff\r\n"
    b"x-frame-options: DENY\r\n"
    b"referrer-policy: no-referrer\r\n"
)
_NO_STORE = b"cache-control: no-store\r\n"
_SAME_ORIGIN = b"cross-origin-resource-policy: same-origin\r\n"
_CROSS_ORIGIN = b"cross-origin-resource-policy: cross-origin\r\n"

# Fields the gate writes itself: the service's own copies are dropped, so that there is one.
CORS_FIELDS = frozenset(
    b"""access-control-allow-credentials access-control-allow-headers access-control-allow-methods
    access-control-allow-origin access-control-allow-private-network access-control-expose-headers
    access-control-max-age""".split()
)
SECURITY_FIELDS = frozenset(
    b"""content-security-policy content-security-policy-report-only cross-origin-resource-policy
    referrer-policy strict-transport-security x-content-type-options x-frame-options""".split()
)
OWN_FIELDS = frozenset(
    b"""ratelimit ratelimit-policy x-ratelimit-limit x-ratelimit-remaining x-ratelimit-reset
    x-request-id yett-request-id""".split()
)

# Fields that tell an attacker what runs behind the gate: the list of the OWASP Secure Headers
# Project (`ci/headers_remove.json`), to be compared once a year; last on 2026-11-22.
DISCLOSURE_FIELDS = frozenset(
    b"""$wsep host-header k-proxy-request liferay-portal oraclecommercecloud-version pega-host
    powered-by product server sourcemap via wp-super-cache x-aspnet-version x-aspnetmvc-version
    x-atmosphere-error x-atmosphere-first-request x-atmosphere-tracking-id x-b3-parentspanid
    x-b3-sampled x-b3-spanid x-b3-traceid x-backend x-backend-server x-beserver x-builder-version
    x-cdn x-cf-powered-by x-cms x-cocoon-version x-content-encoded-by x-content-powered-by
    x-debug-exception x-debug-exception-file x-debug-token x-debug-token-link x-diaginfo
    x-drupal-cache x-drupal-dynamic-cache x-elapsed-time x-envoy-attempt-count
    x-envoy-external-address x-envoy-internal x-envoy-original-dst-host
    x-envoy-upstream-service-time x-feserver x-fw-server x-fw-type x-fw-version x-garden-version
    x-generator x-hosted-by x-jitsi-release x-jive-request-id x-joomla-version x-kong-proxy-latency
    x-kong-upstream-latency x-kong-admin-latency x-kong-response-latency x-litespeed-cache
    x-litespeed-purge x-litespeed-tag x-litespeed-vary x-mod-pagespeed x-nextjs-cache
    x-nextjs-page x-nextjs-prerender x-nginx-cache x-nitro-cache x-nitro-cache-from x-nitro-rev
    x-old-content-length x-oneagent-js-injection x-owa-version x-page-speed x-php-version
    x-php-response-code x-pingback x-platform x-platform-cluster x-platform-processor
    x-platform-router x-powered-by x-powered-by-plesk x-powered-cms x-process-time x-redirect-by
    x-responding-server x-response-time x-ruxit-js-agent x-runtime x-sap-request-server x-server
    x-server-ip x-server-name x-server-powered-by x-served-by x-sourcefiles x-sourcemap
    x-spip-cache x-timer x-umbraco-version x-url x-varnish x-varnish-backend x-varnish-server
    x-version x-wix-request-id x-wix-server-artifact-id""".split()
)


def enforces(config: Config, rule: str) -> bool:
    """Whether a rule that is one for the whole gateway is enforced."""
    return config.rules.get(rule, config.gateway.mode) is Mode.ENFORCE


def dropped_response_fields(config: Config) -> frozenset[bytes]:
    """Return the service's fields that never go on, lower-case.

    Rules that only observe change nothing that a client could notice, so what the gate would have
    written instead stays the service's.
    """
    dropped = OWN_FIELDS
    if enforces(config, "cors"):
        dropped |= CORS_FIELDS
    if enforces(config, "response_headers"):
        dropped |= SECURITY_FIELDS | DISCLOSURE_FIELDS
    return dropped


class Blocks(Struct, frozen=True):
    """Ready header lines (`name: value`, with CRLF) by what the answer is.

    `sealed` is for operations that leave caching to the gate, `cached` for those that declare
    their own `Cache-Control`. Each exists plain and with HSTS (RFC 6797 s7.2: over TLS only), and
    without the same-origin policy for answers that CORS opens.
    """

    table: dict[tuple[bool, bool, bool], bytes]

    @classmethod
    def from_config(cls, config: Config) -> Blocks:
        """Build every combination of (secure, own caching, cross origin)."""
        wanted = enforces(config, "response_headers")
        hsts = config.headers.hsts
        strict = f"strict-transport-security: {hsts}\r\n".encode() if hsts else b""
        return cls(
            {
                (secure, cache, cross): (
                    _ALWAYS
                    + (b"" if cache else _NO_STORE)
                    + (_CROSS_ORIGIN if cross else _SAME_ORIGIN)
                    + (strict if secure else b"")
                    if wanted
                    else b""
                )
                for secure in (False, True)
                for cache in (False, True)
                for cross in (False, True)
            }
        )
