"""Approvals in a browser: pages by which people see what is frozen, and sign yes or no.

The issuer knows nothing of approvals: the page's script asks the gate, on whose origin it stands,
with the cookie of the sign-in. See docs/spec/approval.md.
"""
