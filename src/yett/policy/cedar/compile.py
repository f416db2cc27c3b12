"""The rules of one action as two Python functions: what they answer, and what can be foreseen.

Both answer an outcome (`settle.py`). One function for all rules of the slice: a call for each rule
would cost more than the rule (50 ns). Whatever a rule raises is its error, even what should never
be raised: an error denies in a `forbid` and permits nothing in a `permit`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from yett.policy.cedar import operators
from yett.policy.cedar.emit import Code, Emitter
from yett.policy.cedar.expressions import write
from yett.policy.cedar.footprint import needs_record
from yett.policy.cedar.model import Decided, Inputs, Rule, Uid
from yett.policy.cedar.scope import conditions
from yett.policy.cedar.settle import Foreseen, Settled
from yett.policy.cedar.unknown import Hidden, Unknown, partly

Decide = Callable[[Inputs], Decided]
Foresee = Callable[[Inputs], "Decided | None"]

_OF_PRINCIPAL = {"pa": "e.attrs", "pn": "e.ancestors"}
_OF_RESOURCE = {"ra": "e.attrs", "rn": "e.ancestors"}


def compile_decide(
    rules: Sequence[Rule],
    action: Uid,
    actions: Mapping[Uid, frozenset[Uid]],
    *,
    strict: bool = True,
) -> Decide:
    """Compile the decision.

    Args:
        rules: those whose scope takes the action.
        action: the action.
        actions: all known actions -> their groups.
        strict: an erring forbid denies.

    Raises:
        ValueError: a rule has an expression that is not known here.
    """
    emitter = Emitter(action, actions)
    body = "".join(
        _guarded(_chain(emitter, conditions(rule.tree)), 1 << at, 1 << len(rules) + at)
        for at, rule in enumerate(rules)
    )
    settled = Settled(rules, strict=strict)
    source = _function(emitter, body)
    decide: Decide = _made(emitter, source, settled, settled[_all_erred(len(rules))])
    return decide


def compile_foresee(
    rules: Sequence[Rule], action: Uid, actions: Mapping[Uid, frozenset[Uid]]
) -> Foresee:
    """Compile the decision without the resource's attributes; `ValueError` as above."""
    emitter = Emitter(action, actions)
    body = "".join(_foreseen(emitter, rule, at, len(rules)) for at, rule in enumerate(rules))
    emitter.names |= {"Hidden": Hidden, "Unknown": Unknown, "partly": partly}
    source = _function(emitter, body, hide=True)
    foresee: Foresee = _made(emitter, source, Foreseen(rules), None)
    return foresee


def compile_test(
    node: Any, action: Uid, actions: Mapping[Uid, frozenset[Uid]]
) -> Callable[[Inputs], bool]:
    """Compile one condition alone; what errs does not hold. `ValueError` as above."""
    emitter = Emitter(action, actions)
    body = _guarded(_chain(emitter, [node]), 1, 0)
    test: Callable[[Inputs], bool] = _made(emitter, _function(emitter, body), (False, True), False)
    return test


def _foreseen(emitter: Emitter, rule: Rule, at: int, size: int) -> str:
    """A rule's head needs no record and is evaluated; with a rest behind it, nobody knows."""
    nodes = conditions(rule.tree)
    cut = next((i for i, node in enumerate(nodes) if needs_record(node)), len(nodes))
    held, erred, unknown = 1 << at, 1 << size + at, 1 << 2 * size + at
    head = _chain(emitter, nodes[:cut])
    if cut == len(nodes):
        return _guarded(head, held, erred, unknown)
    later = [node for node in nodes[cut:] if not needs_record(node)]
    if rule.effect == "permit" and later:
        # Where one of these is false or errs the permit does not hold, whatever the record says.
        inner = _guarded(_chain(emitter, later), unknown, 0, unknown)
        return _guarded(head, 0, erred, unknown, inner)
    return _guarded(head, unknown, erred, unknown)


def _chain(emitter: Emitter, nodes: list[Any]) -> str:
    parts: list[Code] = []
    for node in nodes:
        part = emitter.truth(write(emitter, node))
        if part.constant != (True,):
            parts.append(part)
    return " and ".join(part.text for part in parts) or "True"


def _guarded(test: str, held: int, erred: int, unknown: int = 0, inner: str = "") -> str:
    then = inner or f"m |= {held}\n"
    lines = ["try:\n", f" if {test}:\n", _indented(then, 2)]
    if unknown:
        lines += ["except Unknown:\n", f" m |= {unknown}\n"]
    lines += ["except Exception:\n", f" m |= {erred}\n"]
    return "".join(lines)


def _indented(text: str, by: int) -> str:
    return "".join(f"{' ' * by}{line}\n" for line in text.splitlines())


def _function(emitter: Emitter, body: str, *, hide: bool = False) -> str:
    used = emitter.used
    lines = ["p = i.principal\n", "r = i.resource\n", "es = i.entities\n"]
    if "c" in used:
        lines.append("c = i.context\n")
    lines += _looked_up(used, _OF_PRINCIPAL, "p", "e = partly(e)\n" if hide else "")
    if hide:
        lines.append("es = Hidden(es, r)\n" if "es" in used else "")
        lines += ["ra = {}\n", "rn = frozenset()\n"] if used & {"ra", "rn"} else []
    else:
        lines += _looked_up(used, _OF_RESOURCE, "r", "")
    lines += ["m = 0\n", body, "return known[m]\n"]
    guarded = "try:\n" + _indented("".join(lines), 1) + "except Exception:\n return broken\n"
    return "".join(emitter.functions) + "def run(i):\n" + _indented(guarded, 1)


def _looked_up(used: set[str], wanted: dict[str, str], uid: str, shared: str) -> list[str]:
    taken = [f"{name} = {value}\n" for name, value in wanted.items() if name in used]
    if not taken:
        return []
    same = f"if p == r:\n {shared}" if shared else ""
    return [f"e = es.get({uid}, nobody)\n", same, *taken]


def _made(emitter: Emitter, source: str, known: Any, broken: Any) -> Any:
    names = {**emitter.names, "nobody": operators.NOBODY, "known": known, "broken": broken}
    exec(compile(source, "<cedar>", "exec"), names)  # noqa: S102 — see emit.py: only generated names
    return names["run"]


def _all_erred(size: int) -> int:
    return (1 << size) - 1 << size
