"""Every rule this room reports by: stable id, severity and what it is about.

A literal table. An id is never reused, and each has one heading in docs/reference/lint.md (a test
keeps that true). `error` refuses the contract at load or fails `yett check`; `warning` says that
something is read more strictly than it was meant; `note` is advice.
"""

from __future__ import annotations

from msgspec import Struct


class Rule(Struct, frozen=True):
    """A row of the table: `summary` completes the sentence "found when ..."."""

    id: str
    severity: str
    summary: str


# yett.toml
CONFIG_SYNTAX = Rule("config-syntax", "error", "yett.toml is not TOML 1.0")
CONFIG_UNKNOWN_KEY = Rule("config-unknown-key", "error", "yett.toml has a key that yett lacks")
CONFIG_MISSING_KEY = Rule("config-missing-key", "error", "a setting without default is absent")
CONFIG_VALUE = Rule("config-value", "error", "a setting has the wrong type, form or size")
CONFIG_FILE = Rule("config-file", "error", "yett.toml names a file that cannot be read")
CONFIG_KEYS = Rule("config-keys", "warning", "an issuer's key set is not there yet")
CONFIG_HAZARD = Rule("config-hazard", "warning", "a setting is allowed, and dangerous")

# Any JSON or YAML file
DOCUMENT_FILE = Rule("document-file", "error", "a file cannot be read or is too big")
DOCUMENT_ENCODING = Rule("document-encoding", "error", "a file is not UTF-8 text")
DOCUMENT_SYNTAX = Rule("document-syntax", "error", "a file is not JSON or YAML")
DOCUMENT_DUPLICATE_KEY = Rule("document-duplicate-key", "error", "an object has a key twice")
DOCUMENT_BOUNDS = Rule("document-bounds", "error", "a file nests or expands beyond its bound")
DOCUMENT_YAML = Rule("document-yaml", "error", "a file uses YAML that has no JSON meaning")

# Overlay
OVERLAY_SHAPE = Rule("overlay-shape", "error", "an Overlay is not an Overlay 1.0 document")
OVERLAY_TARGET = Rule("overlay-target", "error", "an Overlay target cannot be used")
OVERLAY_NO_MATCH = Rule("overlay-no-match", "warning", "an Overlay target matches nothing")
OVERLAY_LOST = Rule("overlay-lost", "error", "an Overlay adds a control to what is not there")
OVERLAY_EXTENDS = Rule("overlay-extends", "warning", "an Overlay extends another document")

# OpenAPI
OPENAPI_VERSION = Rule("openapi-version", "error", "the document is not OpenAPI 3.0, 3.1 or 3.2")
OPENAPI_SHAPE = Rule("openapi-shape", "error", "a part of the document has the wrong type")
OPENAPI_REF = Rule("openapi-ref", "error", "a `$ref` is remote, cyclic or leads nowhere")
OPENAPI_PATH = Rule("openapi-path", "error", "a path template cannot be matched")
OPENAPI_UNREACHABLE = Rule("openapi-unreachable", "warning", "no request can match a path")
OPENAPI_PARAMETER = Rule("openapi-parameter", "error", "a parameter cannot be read one way")
OPENAPI_SECURITY = Rule("openapi-security", "error", "a security requirement cannot be met")
OPENAPI_OPERATION_ID = Rule("openapi-operation-id", "error", "two operations share an id")
OPENAPI_SERVER = Rule("openapi-server", "error", "no base path can be told from `servers`")
MEDIA_TYPE_TWICE = Rule("media-type-twice", "warning", "a media type is declared twice")
SCHEMA_REF = Rule("schema-ref", "warning", "a schema's `$ref` leads nowhere")
SCHEMA_KEYWORD = Rule("schema-keyword", "warning", "a schema keyword has the wrong type")

# Policies
POLICY_FILE = Rule("policy-file", "error", "a file in `policies` cannot be used")

# Extensions
EXTENSION_UNKNOWN = Rule("extension-unknown", "error", "an `x-yett` key is not known")
EXTENSION_VALUE = Rule("extension-value", "error", "an `x-yett` value has the wrong form")
EXTENSION_MISPLACED = Rule("extension-misplaced", "error", "an `x-yett` key is where none is read")

LOADING: tuple[Rule, ...] = tuple(v for v in globals().values() if isinstance(v, Rule))
