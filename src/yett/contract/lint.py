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
from yett.contract.lint_objects import (
    bound_without_sign_in,
    objects_beside,
    streamed_approvals,
    undeclared_objects,
    unguarded_objects,
    unruled_records,
    unsigned_approvals,
)
from yett.contract.lint_records import (
    conflicting_attributes,
    lost_attributes,
    misplaced_ids,
    mistaken_lists,
    unknown_classes,
    unknown_references,
    unusable_reads,
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
from yett.contract.lint_states import (
    dead_ends,
    left_terminals,
    unknown_states,
    unreachable_states,
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
        Rule("object-unguarded", "error", "a path names a record, and no rule can look at it"),
        unguarded_objects,
    ),
    Lint(
        Rule("object-undeclared", "warning", "ids are taken, and no record is declared"),
        undeclared_objects,
    ),
    Lint(
        Rule("object-beside", "note", "a path names a second record that no rule sees"),
        objects_beside,
    ),
    Lint(
        Rule("record-unruled", "warning", "records are declared, and there is no policy"),
        unruled_records,
    ),
    Lint(
        Rule("record-id", "error", "a record's id is nothing that its operation takes"),
        misplaced_ids,
    ),
    Lint(
        Rule("record-attribute", "error", "a record or attribute is where nothing is declared"),
        lost_attributes,
    ),
    Lint(
        Rule("record-conflict", "error", "an attribute is at two places of its record"),
        conflicting_attributes,
    ),
    Lint(
        Rule("record-read", "error", "the operation that reads a record cannot do so"),
        unusable_reads,
    ),
    Lint(
        Rule("record-list", "error", "a list or its total is not where it should be"),
        mistaken_lists,
    ),
    Lint(
        Rule("reference-unknown", "error", "an `x-yett-ref` names a type that nothing declares"),
        unknown_references,
    ),
    Lint(
        Rule("class-unknown", "error", "a field class is not in the vocabulary"),
        unknown_classes,
    ),
    Lint(
        Rule("machine-state", "error", "a state is not one of its field's values"),
        unknown_states,
    ),
    Lint(
        Rule("machine-unreachable", "error", "nothing leads to a state"),
        unreachable_states,
    ),
    Lint(
        Rule("machine-dead-end", "error", "nothing leads out of a state that is not terminal"),
        dead_ends,
    ),
    Lint(
        Rule("machine-terminal", "error", "a move leaves a terminal state"),
        left_terminals,
    ),
    Lint(
        Rule("approval-streamed", "error", "a request that must be frozen passes on unread"),
        streamed_approvals,
    ),
    Lint(
        Rule("approval-unsigned", "warning", "votes must be signed, and there is no page for it"),
        unsigned_approvals,
    ),
    Lint(
        Rule("bind-unsigned", "warning", "a token for one call needs no recent sign-in"),
        bound_without_sign_in,
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
