"""Step 11, a second id: the body of a change must not name another record than the target.

`PATCH /bookings/1 {"id": 2}`: what was decided about is the first, and a service that saves what it
was sent by its id writes the second. OWASP API1:2023, CWE-639.
"""

from __future__ import annotations

from yett.engine.changes import UNREAD, assigned, write_of
from yett.engine.exchange import Exchange
from yett.engine.located import make_finder, pointer_text
from yett.engine.pointing import MISSING, text_of
from yett.engine.step import Outcome, Step
from yett.policy.authz.model import Guard, Pointer
from yett.policy.browser import Browser
from yett.policy.model import OperationPolicy, Policy
from yett.problems import FIELD_NOT_PERMITTED

# Elsewhere the body is an order, or another thing that has an id of its own.
METHODS = ("PUT", "PATCH")


def make_renamed(operation: OperationPolicy, policy: Policy, browser: Browser) -> Step | None:
    """Compare the id in the body where the target is the record itself."""
    del policy, browser
    guard = operation.guard
    if guard is None or guard.located is None or operation.method not in METHODS:
        return None
    name = guard.located.name
    if guard.located.where != "path" or not operation.template.endswith(f"/{{{name}}}"):
        return None
    places = keys_of(guard)
    find = make_finder(guard.located, operation)

    def renamed(x: Exchange) -> Outcome:
        write = write_of(x)
        if not places or write is UNREAD or write.body is MISSING:
            return None  # what goes on unread is refused where anything of it matters
        own = find(x)
        for place in places:
            named = assigned(write, place)
            if named is not MISSING and named is not None and text_of(named) != own:
                note = "the body names another record than the target"
                return FIELD_NOT_PERMITTED(pointer=pointer_text(place), note=note)
        return None

    return renamed


def keys_of(guard: Guard) -> tuple[Pointer, ...]:
    """Return where a body may show the record's id: bare, and in the envelope of the answer."""
    shape = guard.read.shape if guard.read is not None else guard.shape
    if shape is None or not shape.key:
        return ()
    return tuple(dict.fromkeys((shape.key, (*guard.pointer, *shape.key))))
