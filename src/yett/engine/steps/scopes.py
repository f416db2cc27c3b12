"""Step 7, scopes: at least one alternative of the operation's `security` is satisfied whole.

An alternative is satisfied when each of its schemes proved a principal that carries the scopes it
names (OpenAPI 3.1 s4.8.30), the one that the request runs as among them; roles of the vocabulary
grant their scopes. See RFC 6750 s3.1.
"""

from __future__ import annotations

from yett.contract.model import Need
from yett.engine.exchange import Exchange
from yett.engine.step import Outcome, Step
from yett.policy.browser import Browser
from yett.policy.model import OperationPolicy, Policy
from yett.problems import SCOPE_MISSING
from yett.terms import Principal

Alternatives = tuple[tuple[Need, ...], ...]


def make_scopes(operation: OperationPolicy, policy: Policy, browser: Browser) -> Step | None:
    """Compare granted with needed scopes."""
    del browser
    alternatives = operation.security
    if not alternatives or () in alternatives or operation.public:
        return None
    roles = {role: frozenset(scopes) for role, scopes in policy.config.vocabulary.roles.items()}
    wanted = " ".join(sorted({scope for need in alternatives[0] for scope in need.scopes}))
    refusal = SCOPE_MISSING(
        headers=(
            (
                b"www-authenticate",
                b'Bearer error="insufficient_scope", scope="%s"' % wanted.encode(),
            ),
        ),
        note=f"wanted `{wanted}`",
    )

    def scopes(x: Exchange) -> Outcome:
        for alternative in alternatives:
            if _is_asking(x, alternative) and all(_satisfied(x, n, roles) for n in alternative):
                return None
        return refusal

    if len(alternatives) > 1 or len(alternatives[0]) > 1:
        return scopes
    only = alternatives[0][0]

    def only_scopes(x: Exchange) -> Outcome:
        return None if _satisfied(x, only, roles) else refusal

    return only_scopes


def _is_asking(x: Exchange, alternative: tuple[Need, ...]) -> bool:
    """Whether whoever the request runs as is proven by this alternative.

    Otherwise an API key, shown beside, would let an application do as its user what the user has
    not granted to it (CWE-441).
    """
    proven = [x.proven.get(need.scheme.name) for need in alternative]
    caller = x.principal.issuer, x.principal.id
    return any(one is not None and (one.issuer, one.id) == caller for one in proven)


def _satisfied(x: Exchange, need: Need, roles: dict[str, frozenset[str]]) -> bool:
    principal = x.proven.get(need.scheme.name)
    return principal is not None and need.scopes <= granted(principal, roles)


def granted(principal: Principal, roles: dict[str, frozenset[str]]) -> frozenset[str]:
    """Return the principal's scopes and those its roles carry."""
    scopes = principal.scopes
    for role in principal.roles:
        scopes |= roles.get(role, frozenset())
    return scopes
