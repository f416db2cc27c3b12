"""The policy: a contract compiled to what a request needs, built once and swapped whole.

In goes a `Contract`; out comes an immutable `Policy`: routes, validators, limits, scans, header
bytes. Nothing in here runs per request but the functions it hands out; nothing does I/O.
"""

from yett.policy.model import OperationPolicy, Policy

__all__ = ["OperationPolicy", "Policy"]
