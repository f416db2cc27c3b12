"""`from yett.asgi import Yett`: the gate in an ASGI service; see docs/how-to/in-the-service.md."""

from yett.gate.within.asgi import Yett

__all__ = ["Yett"]
