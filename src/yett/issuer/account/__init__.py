"""A person's own account: passkeys, sessions, and the ways back in.

Looking needs a sign-in; changing how somebody signs in needs a fresh one, with the best that the
account has, so that an unlocked screen or a stolen cookie changes nothing (CWE-306, ASVS 3.7).
"""

from __future__ import annotations
