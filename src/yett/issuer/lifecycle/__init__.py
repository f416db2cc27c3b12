"""What ends accounts: somebody who disables one, silence, or a compromise.

All of an ending is one transaction: sessions, families of tokens, API keys and service accounts go
together or not at all, and the gate's workers see it at once. The last administrator stays.
"""

from __future__ import annotations
