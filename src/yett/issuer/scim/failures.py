"""Turns what the library of the models raises into SCIM's errors, without quoting what was sent."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import ValidationError
from scim2_models import Error, SCIMException

from yett.issuer.http import Answer, Ask
from yett.issuer.scim.errors import ScimError
from yett.issuer.server import Server

MAX_DETAIL_CHARACTERS = 300


def guarded(
    handler: Callable[[Server, Ask, str], Answer], server: Server, ask: Ask, directory: str
) -> Answer:
    """Call a handler.

    Raises:
        ScimError: the request breaks a rule of its schema.
    """
    try:
        return handler(server, ask, directory)
    except ValidationError as error:
        first = Error.from_validation_errors(error)[0]
        raise ScimError(400, _line(first.detail), first.scim_type or "invalidValue") from None
    except SCIMException as error:
        raise ScimError(error.status, _line(str(error)), error.scim_type) from None


def _line(text: str | None) -> str:
    """Make one short line: a message of the library may be a page (CWE-209)."""
    words = " ".join((text or "").partition("[type=")[0].split())
    return "".join(c for c in words if c.isprintable())[:MAX_DETAIL_CHARACTERS]
