"""The program of this process, for code of the service that asks without being handed one.

The middleware sets it at its start and after each reload; what was set last is in force. A process
that serves several contracts names the one it means (`contract=`).
"""

from __future__ import annotations

from yett.engine.program import Program


class Serving:
    """Where the running program is kept; replaced whole, so a reader sees one or the other."""

    __slots__ = ("program",)

    def __init__(self) -> None:
        self.program: Program | None = None


_SERVING = Serving()


def serve_program(program: Program | None) -> None:
    """Make a program the one that this process serves; None when it serves none any more."""
    _SERVING.program = program


def served_program() -> Program | None:
    """Return the program that this process serves; None before any was set."""
    return _SERVING.program
