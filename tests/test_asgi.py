"""The public face of the gate in an ASGI service."""

from __future__ import annotations

import yett.asgi
from yett.gate.within.asgi import Yett


def test_the_face_is_the_middleware():
    """`from yett.asgi import Yett` is all that a service writes."""
    assert yett.asgi.Yett is Yett
    assert yett.asgi.__all__ == ["Yett"]
