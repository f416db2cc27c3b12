"""`from yett.wsgi import Yett`: the gate in a WSGI service; see docs/how-to/in-the-service.md."""

from yett.gate.within.wsgi import Yett

__all__ = ["Yett"]
