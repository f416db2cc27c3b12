"""`yett.allowed`: which rows may this caller see, as a SQLAlchemy condition for `select().where()`.

The same rules that decide single records, as one condition; the same caller, made into an entity by
the same code. What cannot be translated exactly raises `FilterError` before a query runs. Always
enforced, whatever the mode of the gate's own rules: who calls it asks for the filter.
"""

from __future__ import annotations

import time
from difflib import get_close_matches
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import Any

try:
    from sqlalchemy import ColumnElement, false
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "`yett.allowed` needs SQLAlchemy: install `yett[sql]`", name="sqlalchemy"
    ) from error

from yett.engine.callers import Unjudged, make_subject
from yett.engine.entities import context, principal_context, subject
from yett.engine.exchange import Exchange
from yett.engine.program import Program
from yett.gate.reload import prepare
from yett.gate.serving import served_program
from yett.policy.authz.model import Authz, Guard, Identity, Shape
from yett.policy.authz.names import API
from yett.policy.authz.schema import BASE
from yett.policy.cedar.evaluate import UNKNOWN
from yett.policy.cedar.model import Inputs, Uid
from yett.policy.sql.columns import Model
from yett.policy.sql.errors import FilterError
from yett.policy.sql.filter import Plan, make_filter, make_plan
from yett.terms import Principal

__all__ = ["FilterError", "allowed"]

MAX_PLANS = 512
MAX_CONTRACTS = 8
Contract = Program | str | PathLike[str]


def allowed(
    operation: str, model: Any, caller: Any, *, contract: Contract | None = None
) -> ColumnElement[bool]:
    """Return the condition that is true of the rows an operation may show to a caller.

    Args:
        operation: its `operationId`, or `api.operationId` where several APIs share one.
        model: a mapped class, or an alias of one. Columns are found by the names of attributes;
            `__yett__` on the class says what else stands for one.
        caller: what the middleware put into the request (`request.scope["yett"]`), or a
            `Principal`; with the latter nothing is known of the request itself.
        contract: the contract's folder, or a program; of the caller's request, or the one this
            process serves, where it is not given.

    Raises:
        FilterError: there is no such operation, it has no rule on records, or a rule or the model
            has no exact translation. Nothing is weakened to fit.
        ContractError: the folder's contract cannot be used.
    """
    exchange = _exchange(caller)
    program = _program(contract, exchange)
    authz = program.policy.authz
    if authz is None:
        raise FilterError("the contract has no policies", hint="write `policies/*.cedar`")
    guard, plan = _plan(_Kept(authz), operation, model)
    if exchange is not None and exchange.program is program:
        inputs = _inputs_of(exchange)
    else:
        inputs = _inputs_alone(authz, guard, _principal(caller))
    # Who cannot be made into an entity is denied whatever the rules say.
    return false() if inputs is None else make_filter(plan, inputs)


def _exchange(caller: Any) -> Exchange | None:
    found = caller if isinstance(caller, Exchange) else getattr(caller, "exchange", None)
    return found if isinstance(found, Exchange) else None


def _principal(caller: Any) -> Principal:
    found = caller if isinstance(caller, Principal) else getattr(caller, "principal", None)
    if not isinstance(found, Principal):
        raise FilterError(
            f"a `{type(caller).__name__}` is no caller",
            hint="pass what the middleware put into the request, or a `yett.terms.Principal`",
        )
    return found


def _program(contract: Contract | None, exchange: Exchange | None) -> Program:
    if isinstance(contract, Program):
        return contract
    if contract is not None:
        return _load(str(Path(contract).resolve()))
    found = exchange.program if exchange is not None else served_program()
    if found is None:
        raise FilterError(
            "no contract is served in this process",
            hint="pass `contract=` the contract's folder, or put the middleware before the service",
        )
    return found


@lru_cache(maxsize=MAX_CONTRACTS)
def _load(folder: str) -> Program:
    return prepare(Path(folder))


def _inputs_of(x: Exchange) -> Inputs | None:
    """Ask for the caller of a request, as its decision was."""
    who = subject(x)
    return None if x.unjudged else Inputs(who.uid, NOBODY, context(x, None), {who.uid: who})


def _inputs_alone(authz: Authz, guard: Guard, principal: Principal) -> Inputs | None:
    """Ask for a principal without its request: what that was like is not known."""
    if guard.enrich:
        raise FilterError(
            "the rules read attributes that the service is asked for (`principal.enrich`)",
            hint="pass what the middleware put into the request, not its principal alone",
        )
    who = make_subject(principal, authz.identity, {})
    if isinstance(who, Unjudged):
        return None
    known = principal_context(principal, time.time())
    return Inputs(who.uid, NOBODY, {**known, **UNKNOWN_CONTEXT}, {who.uid: who})


class _Kept:
    """A compiled authorization by identity: it has no equal, and is replaced whole."""

    __slots__ = ("authz",)

    def __init__(self, authz: Authz) -> None:
        self.authz = authz

    def __hash__(self) -> int:
        return id(self.authz)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept) and self.authz is other.authz


@lru_cache(maxsize=MAX_PLANS)
def _plan(kept: _Kept, operation: str, model: Any) -> tuple[Guard, Plan]:
    authz = kept.authz
    guard = authz.guards[_named(authz, operation)]
    if guard.slice is None or guard.type == API:
        raise FilterError(f"`{operation}` is about no record", hint="say `x-yett.resource`")
    table = Model(model, _shape(authz, guard), authz.schema, _owned(authz.identity, guard.type))
    return guard, make_plan(guard.slice, table)


def _named(authz: Authz, operation: str) -> str:
    """Return the id of a guarded operation, given that or the bare `operationId`."""
    if operation in authz.guards:
        return operation
    fits = [id_ for id_ in authz.guards if id_.partition(".")[2] == operation]
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise FilterError(f"several APIs have a `{operation}`", hint=f"say `{fits[0]}`")
    near = get_close_matches(operation, [id_.partition(".")[2] for id_ in authz.guards], n=1)
    raise FilterError(
        f"no operation `{operation}` has a rule",
        hint=f"did you mean `{near[0]}`?" if near else "see `yett check`",
    )


def _shape(authz: Authz, guard: Guard) -> Shape:
    shapes = (guard.shape, *(one.shape for one in authz.guards.values() if one.type == guard.type))
    found = next((shape for shape in shapes if shape is not None), None)
    if found is None:
        raise FilterError(f"no operation shows the JSON of a `{guard.type}`")
    return found


def _owned(identity: Identity, type_: str) -> frozenset[str]:
    """Return the attributes of a type that are those of principals."""
    if type_ not in identity.types.values():
        return frozenset()
    enriched = identity.enrichment.attributes if identity.enrichment is not None else ()
    named = (*BASE, *(a for a, _ in identity.attributes), *(a for a, _ in enriched))
    return frozenset(attribute.name for attribute in named)


# Of a principal alone it is not known whence and how its request came.
UNKNOWN_CONTEXT = {"source": UNKNOWN, "secure": UNKNOWN}
NOBODY = Uid("", "")
