"""The public face of the gate in a WSGI service."""

from __future__ import annotations

import yett.wsgi
from yett.gate.within.wsgi import Yett


def test_the_face_is_the_middleware():
    """`from yett.wsgi import Yett` is all that a service writes."""
    assert yett.wsgi.Yett is Yett
    assert yett.wsgi.__all__ == ["Yett"]
