"""Every rule the compiler reports by, beside those of `contract.rules`: id, severity, meaning.

A literal table like that one: an id is never reused, and each has one heading in
docs/reference/lint.md. An `error` means the contract cannot be enforced as written and is refused;
a `warning` that something was dropped or tightened and the API still serves; a `note` says what
stays open. `gate/selfcheck.py` reports by the last one.
"""

from __future__ import annotations

from yett.contract.rules import Rule

# Schemas
SCHEMA_TARGET = Rule("schema-target", "error", "a schema's `$ref` cannot be followed")
SCHEMA_STRUCTURE = Rule("schema-structure", "error", "a subschema or type is no such thing")
SCHEMA_DEPTH = Rule("schema-depth", "error", "a schema is nested too deeply")
SCHEMA_SIZE = Rule("schema-size", "error", "a document has too many schemas")
SCHEMA_CIRCLE = Rule("schema-circle", "error", "a schema applies itself without end")
SCHEMA_INVALID = Rule("schema-invalid", "error", "the schemas cannot be compiled")
SCHEMA_VALUE = Rule("schema-value", "warning", "a schema keyword has a value that means nothing")
SCHEMA_PATTERN = Rule("schema-pattern", "warning", "a pattern is not run, or on short text only")
SCHEMA_DISCRIMINATOR = Rule("schema-discriminator", "warning", "a discriminator maps to nothing")
SCHEMA_ALTERNATIVES = Rule("schema-alternatives", "note", "alternatives nest too deeply to be told")

# Parameters and bodies
PARAMETER_STYLE = Rule("parameter-style", "error", "two parameters spread over one query")
PARAMETER_PATH = Rule("parameter-path", "error", "a path parameter is not in its path")
BODY_UNCHECKED = Rule("body-unchecked", "note", "bodies of a type go on unread")
ANSWER_OPEN = Rule("answer-open", "note", "what an answer may hold is not told")

# Free text
TEXT_SETTING = Rule("text-setting", "error", "`x-yett: {text: ...}` names no value")
INJECTION_UNREAD = Rule("injection-unread", "warning", "values are searched only if they fit")
INJECTION_UNAVAILABLE = Rule("injection-unavailable", "error", "libinjection cannot be loaded")

# Routes
ROUTE_CONFLICT = Rule("route-conflict", "error", "two operations have the same path")
ROUTE_CROSSING = Rule("route-crossing", "warning", "two path templates match the same paths")

# Authorization
AUTHZ_POLICY = Rule("authz-policy", "error", "a Cedar policy cannot be used")
AUTHZ_NAME = Rule("authz-name", "error", "two things would have one Cedar name")
AUTHZ_ATTRIBUTE = Rule("authz-attribute", "error", "an attribute of a record cannot be read")
AUTHZ_REFERENCE = Rule("authz-reference", "warning", "a reference to a record is not checked")
AUTHZ_REFERENCE_ENDLESS = Rule(
    "authz-reference-endless", "error", "a reference stands where no rule can reach it"
)
AUTHZ_CLASS = Rule("authz-class", "error", "a field class stands where no rule can reach it")
AUTHZ_CLASS_UNRULED = Rule("authz-class-unruled", "warning", "nobody may see a class of fields")
AUTHZ_APPROVAL_UNRULED = Rule("authz-approval-unruled", "warning", "nobody may approve a request")
AUTHZ_IDLE = Rule("authz-idle", "warning", "a policy never applies as it is written")
AUTHZ_UNCHECKABLE = Rule("authz-uncheckable", "error", "a rule reads what nothing declares")
AUTHZ_UNGUARDED = Rule("authz-unguarded", "error", "no rule looks at the record of an object id")
AUTHZ_ENRICH = Rule("authz-enrich", "error", "the principal cannot be enriched")
AUTHZ_MACHINE = Rule("authz-machine", "error", "a state machine cannot be carried out")
AUTHZ_DIFFERENCE = Rule("authz-difference", "error", "compiled policies and cedarpy disagree")

SELF_CHECK = Rule("self-check", "error", "a compiled operation cannot be reached or decided")

COMPILING: tuple[Rule, ...] = tuple(v for v in globals().values() if isinstance(v, Rule))
