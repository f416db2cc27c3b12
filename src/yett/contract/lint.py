"""What a contract leaves open: a literal table of rules over the model.

`load` refuses what cannot be read; lint names what can be read and should not stay so. Each rule
yields remarks; the number of findings of a rule is bounded. It changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

from msgspec import Struct

from yett.contract.lint_access import (
    anonymous,
    basic,
    in_query,
    public_and_secured,
    sensitive_anonymous,
    unguarded,
    unknown_scopes,
    unverifiable,
)
from yett.contract.lint_schemas import (
    closed_branches,
    open_objects,
    unbounded_lists,
    unbounded_texts,
)
from yett.contract.lint_shape import (
    ambiguous_media_types,
    ignored_servers,
    parameter_case,
    unread_bodies,
)
from yett.contract.model import Contract
from yett.contract.report import Remark, findings
from yett.contract.rules import LOADING, Rule
from yett.terms import Finding


class Lint(Struct, frozen=True):
    """A row of the table: the rule, and what finds it."""

    rule: Rule
    find: Callable[[Contract, Rule], Iterator[Remark]]


LINTS: tuple[Lint, ...] = (
    Lint(
        Rule("operation-unguarded", "error", "an operation does not say who may call it"),
        unguarded,
    ),
    Lint(
        Rule("operation-anonymous", "warning", "an operation needs no credential"),
        anonymous,
    ),
    Lint(
        Rule("public-and-secured", "warning", "an operation is public and asks for a credential"),
        public_and_secured,
    ),
    Lint(
        Rule("sensitive-anonymous", "error", "a sensitive operation needs no credential"),
        sensitive_anonymous,
    ),
    Lint(
        Rule("scope-unknown", "error", "a scope is not in the vocabulary"),
        unknown_scopes,
    ),
    Lint(
        Rule("credential-unverifiable", "warning", "nothing can verify a security scheme"),
        unverifiable,
    ),
    Lint(
        Rule("credential-basic", "warning", "passwords are sent with each request"),
        basic,
    ),
    Lint(
        Rule("credential-in-query", "warning", "an API key is part of the URL"),
        in_query,
    ),
    Lint(
        Rule("closed-branch", "error", "a branch of `allOf` forbids what another one declares"),
        closed_branches,
    ),
    Lint(
        Rule("media-type-ambiguous", "warning", "a body's media types overlap"),
        ambiguous_media_types,
    ),
    Lint(
        Rule("body-unread", "warning", "a body's media type has no reader: it is not checked"),
        unread_bodies,
    ),
    Lint(
        Rule("parameter-case", "warning", "two parameters differ only in case"),
        parameter_case,
    ),
    Lint(
        Rule("server-ignored", "note", "a server beside the first one is not used"),
        ignored_servers,
    ),
    Lint(
        Rule("object-open", "note", "an object takes any field"),
        open_objects,
    ),
    Lint(
        Rule("text-unbounded", "note", "a free text has no `maxLength`"),
        unbounded_texts,
    ),
    Lint(
        Rule("list-unbounded", "note", "a list has no `maxItems`"),
        unbounded_lists,
    ),
)

RULES: tuple[Rule, ...] = (*LOADING, *(lint.rule for lint in LINTS))


def lint(contract: Contract) -> tuple[Finding, ...]:
    """Return what loading noted and what the rules find, errors first."""
    found = chain.from_iterable(row.find(contract, row.rule) for row in LINTS)
    order = ("error", "warning", "note")
    kept = findings([*contract.remarks, *found])
    return tuple(sorted(kept, key=lambda finding: order.index(finding.severity)))
