"""The named error of this room: a listener or a certificate that cannot be set up.

Raised at start and at reload only, never while a request is served.
"""

from __future__ import annotations


class SetupError(Exception):
    """What is wrong, where, and what to do next.

    Args:
        message: one line, lower-case, user input in backticks.
        path: the file it is about, empty when it is about a setting.
        hint: the next step.
        outside: True when the input is right and the world is not (a port in use): exit code 3.
    """

    def __init__(
        self, message: str, *, path: str = "", hint: str = "", outside: bool = False
    ) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.message = message
        self.path = path
        self.hint = hint
        self.outside = outside
