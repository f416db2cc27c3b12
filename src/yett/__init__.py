"""yett: the iron gate in front of, inside and beside an API.

What goes in: a team's own OpenAPI file, an Overlay, Cedar policies and a small `yett.toml`.
What comes out: a gateway that lets through only declared, authenticated, well-formed and
affordable requests, and a record of each. Rooms import downwards only (docs/architecture.md).
"""

__version__ = "0.1.0"
__all__ = ["__version__"]
