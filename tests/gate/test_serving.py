"""The program that code of the service asks for is the one that was set last."""

from __future__ import annotations

from kit.engine import operation, program

from yett.gate.serving import serve_program, served_program


def test_the_last_program_is_served():
    """A reload replaces it whole; a process that serves none has none."""
    before = served_program()
    try:
        one, two = program(operation()), program(operation())
        serve_program(one)
        assert served_program() is one
        serve_program(two)
        assert served_program() is two
        serve_program(None)
        assert served_program() is None
    finally:
        serve_program(before)
