"""SCIM 2.0: an outside directory keeps accounts and groups here (RFC 7643, RFC 7644).

In: requests of a service with the scope `scim`. Out: people who are invited, changed, disabled;
groups and who is in them. What it never does: give anybody a role that an operator did not put on a
group, touch an administrator, set a password, or make a way to sign in. Everything but
`endpoints.py`, `access.py` and `errors.py` needs the library of the extra `scim`.
"""
