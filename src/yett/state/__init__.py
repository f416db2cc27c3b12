"""State: what changes between requests, in memory, and what keeps it fresh.

Counters, remembered tokens, key sets, API keys and revocations. The engine asks through
`engine.view.View` and is answered at once; files are polled, key sets are fetched in a thread. It
never decides what an answer means: that is the engine's.
"""

from __future__ import annotations

from yett.state.errors import StateError
from yett.state.memory import MemoryView

__all__ = ["MemoryView", "StateError"]
