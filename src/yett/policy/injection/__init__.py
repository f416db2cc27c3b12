"""Step 9, injection: free-text strings of a request -> the first that looks like an attack.

In: `policy.model.TextSource` (the schemas) and modes; out: a `TextScan` (policy/model.py). The
contract is the main defence: values held by `enum`, a strict `format`, a narrow `pattern` or a
number type are never scanned (freetext.py). What is left meets libinjection and a literal
table of own rules. Defence in depth only: parameterised queries and output encoding are the cure.
Never reads a clock, never logs, never keeps or returns a scanned value. CWE-74, OWASP ASVS 5 v1.2.
"""

from __future__ import annotations

from yett.policy.injection.scan import UnknownPlaceError, build_scan

__all__ = ["UnknownPlaceError", "build_scan"]
