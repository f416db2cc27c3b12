"""The grants of the token endpoint: one file for each grant type, and what they share.

Each is a function from a request of an authenticated client to an answer, inside one transaction.
`issuer/token.py` lists them. None of them knows HTTP, and none decides who may sign in.
"""

from __future__ import annotations
