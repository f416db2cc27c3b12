"""What `yett diff` reports by: stable ids, severities, what each is about.

`error` and `warning` mean that something is wider than before, or not proved not to be; `note` is a
change that widens nothing. Each has a heading in docs/reference/diff.md.
"""

from __future__ import annotations

from yett.contract.rules import Rule

ACCESS_GAINED = Rule("access-gained", "error", "a caller may do what was refused before")
ACCESS_POSSIBLE = Rule(
    "access-possible", "warning", "a caller may perhaps do more; no request could confirm it"
)
ACCESS_NOT_PROVED = Rule(
    "access-not-proved", "warning", "it is not proved that nobody may do more than before"
)
ACCESS_LOST = Rule("access-lost", "note", "a caller may no longer do what was allowed before")

OPERATION_ADDED = Rule("operation-added", "note", "the contract has an operation more")
OPERATION_REMOVED = Rule("operation-removed", "note", "the contract has an operation less")
SECURITY_WEAKENED = Rule("security-weakened", "error", "`security` asks for less than before")
PUBLIC_SET = Rule("public-set", "error", "an operation was declared public")
RECORD_OPENED = Rule("record-opened", "error", "a check on records was declared unnecessary")
SENSITIVE_WEAKENED = Rule("sensitive-weakened", "error", "step-up or approvals ask for less")
MODE_WEAKENED = Rule("mode-weakened", "error", "a rule is applied less strictly")
LIMIT_RAISED = Rule("limit-raised", "warning", "a limit lets more through")
READ_ONLY_LOST = Rule("read-only-lost", "error", "a property can now be written")
WRITE_ONLY_LOST = Rule("write-only-lost", "error", "a property is now part of answers")
CLASS_LOST = Rule("class-lost", "error", "a property is no longer in its field class")
FIELDS_OPENED = Rule("fields-opened", "error", "fields that nobody declared are let through")
SCHEMA_LOOSENED = Rule("schema-loosened", "warning", "a schema accepts more than before")
SCHEMA_CHANGED = Rule("schema-changed", "warning", "a schema changed in a way that is not compared")
FIELD_ADDED = Rule("field-added", "note", "a request or answer has a property more")

RULES: tuple[Rule, ...] = tuple(v for v in globals().values() if isinstance(v, Rule))
