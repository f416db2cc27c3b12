"""Regular expressions of schemas, each compiled alone: one bad pattern must not sink the root.

Linear patterns run on a finite automaton. Look-around and back-references need a backtracking
engine, so the string is capped and the engine given a budget: 0.1 ms at the worst measured, where
the same pattern takes 3-16 s on 100 kB (CWE-1333). ECMA-262 dialect, JSON Schema 2020-12 s6.4.
"""

from __future__ import annotations

import enum

import jsonschema_rs

# Longer than any identifier or password rule seen in real contracts; the cost is quadratic.
MAX_FANCY_CHARACTERS = 256
MAX_BACKTRACKS = 1_000
MAX_AUTOMATON_BYTES = 1 << 20
MAX_PATTERN_CHARACTERS = 4_096

LINEAR_OPTIONS = jsonschema_rs.RegexOptions(
    size_limit=MAX_AUTOMATON_BYTES, dfa_size_limit=MAX_AUTOMATON_BYTES
)
FANCY_OPTIONS = jsonschema_rs.FancyRegexOptions(
    backtrack_limit=MAX_BACKTRACKS,
    size_limit=MAX_AUTOMATON_BYTES,
    dfa_size_limit=MAX_AUTOMATON_BYTES,
)
DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Power(enum.Enum):
    """What a pattern needs."""

    LINEAR = "linear"
    FANCY = "fancy"
    INVALID = "invalid"


def weigh(pattern: str) -> Power:
    """Tell which engine a pattern needs, by compiling it alone."""
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        return Power.INVALID
    if _compiles(pattern, LINEAR_OPTIONS):
        return Power.LINEAR
    return Power.FANCY if _compiles(pattern, FANCY_OPTIONS) else Power.INVALID


def _compiles(
    pattern: str, options: jsonschema_rs.RegexOptions | jsonschema_rs.FancyRegexOptions
) -> bool:
    try:
        jsonschema_rs.validator_for(
            {"$schema": DIALECT, "pattern": pattern}, offline=True, pattern_options=options
        )
    except (jsonschema_rs.ValidationError, ValueError):
        return False
    return True
