"""yett: the iron gate in front of, inside and beside an API.

What goes in: a team's own OpenAPI file, an Overlay, Cedar policies and a small `yett.toml`.
What comes out: a gateway that lets through only declared, authenticated, well-formed and
affordable requests, and a record of each. Rooms import downwards only (docs/architecture.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yett.gate.allowed import allowed

__version__ = "0.1.0"
__all__ = ["__version__", "allowed"]


def __getattr__(name: str) -> Any:
    """Import `allowed` when it is asked for: it brings SQLAlchemy, which the gate never needs."""
    if name != "allowed":
        raise AttributeError(f"module `yett` has no `{name}`")
    from yett.gate.allowed import allowed  # noqa: PLC0415 - only when it is used

    return allowed
