"""What the text of compiled expressions is made of: names for constants, locals, bounded nesting.

Nothing of a policy ever stands in that text: every literal, name and pattern is a constant with a
generated name (`k7`), so no policy can break out of its expression. The text is nested at most
`MAX_DEPTH` deep; what is deeper goes into a function of its own, because CPython's parser gives up
at 200 parentheses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from yett.policy.cedar.extensions import CedarError
from yett.policy.cedar.model import Entity, Uid, Value
from yett.policy.cedar.operators import fail

MAX_DEPTH = 30
# What expressions may read; `compile.py` binds those that are used. The principal, the resource,
# the context, all entities, then attributes (a) and ancestors (n) of the first two.
LOCALS = ("p", "r", "c", "es", "pa", "ra", "pn", "rn")


class Code(NamedTuple):
    """An expression: its text, its type where that is certain, its value where that is known."""

    text: str
    kind: type | None = None
    constant: tuple[Value, ...] = ()  # empty, or the one value
    depth: int = 0


class Emitter:
    """Collects the constants, functions and locals of expressions.

    Args:
        action: the action that `action` stands for.
        actions: known actions -> all groups they are in.
    """

    def __init__(self, action: Uid, actions: Mapping[Uid, frozenset[Uid]]) -> None:
        self.action = action
        self.known = {uid: Entity(uid, {}, groups) for uid, groups in actions.items()}
        self.names: dict[str, Any] = {}
        self.functions: list[str] = []
        self.used: set[str] = set()
        self._name_of: dict[int, str] = {}
        self._temporaries = 0

    def bind(self, value: Any) -> str:
        """Give a constant its name; the same object has one name."""
        name = self._name_of.get(id(value))
        if name is None:
            name = self._name_of[id(value)] = f"k{len(self._name_of)}"
            self.names[name] = value  # keeps it alive: an id is unique only as long
        return name

    def use(self, *names: str) -> None:
        """Note that locals are read."""
        self.used.update(names)

    def temporary(self) -> str:
        """Name a local that one form writes and reads."""
        self._temporaries += 1
        return f"t{self._temporaries}"

    def code(self, form: str, *parts: Code, kind: type | None = None) -> Code:
        """Fill the `{}` of a form with operands; a form is atomic or in parentheses."""
        depth = 1 + max((part.depth for part in parts), default=0)
        text = form.format(*(part.text for part in parts))
        if depth < MAX_DEPTH:
            return Code(text, kind, (), depth)
        name, inputs = f"h{len(self.functions)}", ", ".join(LOCALS)
        self.functions.append(f"def {name}({inputs}):\n return {text}\n")
        self.use(*LOCALS)
        return Code(f"{name}({inputs})", kind, (), 1)

    def call(self, function: Callable[..., Value], *parts: Code, kind: type | None = None) -> Code:
        """Write the call of a function with operands."""
        holes = ", ".join(["{}"] * len(parts))
        return self.code(f"{self.bind(function)}({holes})", *parts, kind=kind)

    def constant(self, value: Value) -> Code:
        """Write a value that is known."""
        return Code(self.bind(value), type(value), (value,))

    def failing(self) -> Code:
        """Write an expression that always errs."""
        return self.call(fail)

    def folded(self, apply: Callable[..., Value], *parts: Code) -> Code:
        """Write what a function answers to constants."""
        try:
            return self.constant(apply(*(part.constant[0] for part in parts)))
        except CedarError:
            return self.failing()

    def truth(self, code: Code) -> Code:
        """Write an operand that must be a boolean."""
        if code.kind is bool:
            return code
        if code.kind is not None:
            return self.failing()
        t = self.temporary()
        form = f"(({t} := {{}}) is True or ({t} is not False and {self.bind(fail)}()))"
        return self.code(form, code, kind=bool)

    def negated(self, code: Code) -> Code:
        """Write `!operand`."""
        one = self.truth(code)
        if one.constant:
            return self.constant(not one.constant[0])
        return self.code("(not {})", one, kind=bool)
