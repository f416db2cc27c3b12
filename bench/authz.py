"""What a decision costs: compiled Cedar beside cedarpy, CEL and Casbin: `python -m bench authz`.

The same rule for all: owners, staff of the depot, nothing frozen but for an admin. Every subject
first decides a table of requests rightly, then is timed in rounds, one after the other, by the CPU
time of this thread, so that a busy neighbour costs nothing. Writes `bench/RESULTS-authz.md`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.metadata
import json
import platform
import statistics
import sys
import sysconfig
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cedarpy import PolicySet, is_authorized, is_authorized_batch

from bench.authz_scene import (
    ACTIONS,
    ITEMS,
    SCHEMA,
    TABLE,
    Ask,
    casbin_enforcer,
    cel_expression,
    make_item,
    make_rules,
    person,
    rows,
)
from yett.engine.answers.making import make_maker, make_namer
from yett.policy.authz.model import Shape
from yett.policy.cedar.compile import compile_decide
from yett.policy.cedar.json_out import to_json, write_entity
from yett.policy.cedar.model import Inputs, Uid
from yett.policy.cedar.oracle import ask_rules
from yett.policy.cedar.rules import read_rules
from yett.policy.cedar.slices import make_slices

ROOT = Path(__file__).parents[1]
SECONDS = 0.1
ACTION = "op0"
MINE = "yett: compiled, 3 policies"


@dataclass
class Subject:
    """Something that decides; `run` answers one request, `items` how many decisions that is."""

    name: str
    run: Callable[[Any], Any]
    given: Callable[[Ask], Any]
    items: int = 1
    times: list[float] = field(default_factory=list)

    @property
    def cost(self) -> float:
        """Microseconds of a decision: the median of the rounds."""
        return statistics.median(self.times)


def main(arguments: list[str] | None = None) -> None:
    """Check, measure, write."""
    parser = argparse.ArgumentParser(prog="bench authz", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", default=str(ROOT / "bench" / "RESULTS-authz.md"))
    options = parser.parse_args(arguments)
    single, lists = decisions(), filters()
    for subject in single:
        check(subject)
    for _ in range(options.rounds):
        for subject in (*single, *lists):
            measure(subject)
    text = report(single, lists, options.rounds)
    Path(options.out).write_text(text, encoding="utf-8")
    print(text)


# --- subjects ---


def decisions() -> list[Subject]:
    """Build the subjects of a single decision."""
    few, many = (read_rules(make_rules(count), SCHEMA)[0] for count in (3, 300))
    sliced = {count: slices(rules) for count, rules in ((3, few), (300, many))}
    unsliced = compile_decide(
        many, Uid("Action", ACTION), {Uid("Action", id_): frozenset() for id_ in ACTIONS}
    )
    three, hundreds = (
        PolicySet.from_str("\n".join(r.text for r in rules)) for rules in (few, many)
    )
    enforcers = {count: casbin_enforcer(count) for count in (3, 300)}
    cel = cel_expression()
    return [
        Subject(MINE, sliced[3].decide, inputs),
        Subject("yett: compiled, 300 policies", sliced[300].decide, inputs),
        Subject("yett: compiled, all 300 policies of one action", unsliced, inputs),
        Subject("yett: foreseen, before the record is read", sliced[3].foresee, inputs),
        Subject("yett: cedarpy in its place (`engine: cedar`)",
                lambda i: ask_rules(few, ACTION, frozenset(), i), inputs),
        Subject("cedarpy: handle, JSON at hand, 3 policies (sliced)",
                lambda given: is_authorized(given[0], three, given[1]).allowed, cedar_json),
        Subject("cedarpy: handle, JSON at hand, 300 policies",
                lambda given: is_authorized(given[0], hundreds, given[1]).allowed, cedar_json),
        Subject("cel-expr-python: one expression", lambda data: cel.eval(data=data).value(), plain),
        Subject("pycasbin: 3 policies", lambda ask: enforcers[3].enforce(*ask, ACTION), pair),
        Subject("pycasbin: 300 policies", lambda ask: enforcers[300].enforce(*ask, ACTION), pair),
    ]  # fmt: skip


def filters() -> list[Subject]:
    """Build the subjects of a list of 100 records, for one person."""
    rules = read_rules(make_rules(3), SCHEMA)[0]
    decide = slices(rules).decide
    handle = PolicySet.from_str("\n".join(rule.text for rule in rules))
    cel, who, found = cel_expression(), person(), rows()
    subject, context = who.entity, {"secure": True}
    shape = Shape(
        type="Booking",
        key=("id",),
        attributes=tuple((one, (one.name,)) for one in SCHEMA.entities["Booking"].attributes),
    )
    make, name = make_maker(shape), make_namer(shape.key)
    entities = [make_item(row).entity for row in found]
    requests = [cedar_json(Ask(who, make_item(row)))[0] for row in found]
    world = json.dumps([write_entity(one) for one in (subject, *entities)])

    def from_json(_: Any) -> int:
        allowed = 0
        for row in found:
            one = make(Uid("Booking", name(row) or ""), row)
            if one is not None:
                known = {subject.uid: subject, one.uid: one}
                allowed += decide(Inputs(subject.uid, one.uid, context, known)).allow
        return allowed

    def at_hand(_: Any) -> int:
        return sum(
            decide(
                Inputs(subject.uid, one.uid, context, {subject.uid: subject, one.uid: one})
            ).allow
            for one in entities
        )

    def through_cedarpy(_: Any) -> int:
        return sum(one.allowed for one in is_authorized_batch(requests, handle, world))

    def through_cel(_: Any) -> int:
        plain_who = who.plain
        return sum(
            cel.eval(data={"principal": plain_who, "resource": row}).value() for row in found
        )

    made = [
        Subject("yett: entities at hand", at_hand, nothing, ITEMS),
        Subject("yett: from the parsed JSON to the decision", from_json, nothing, ITEMS),
        Subject("cedarpy: one batch, JSON of all at hand", through_cedarpy, nothing, ITEMS),
        Subject("cel-expr-python: parsed JSON", through_cel, nothing, ITEMS),
    ]
    answers = {subject.name: subject.run(None) for subject in made}
    assert len(set(answers.values())) == 1, answers
    assert 0 < answers[made[0].name] < ITEMS
    return made


def slices(rules: Any) -> Any:
    return make_slices(rules, SCHEMA, engine="compiled")[ACTION]


def inputs(ask: Ask) -> Inputs:
    who, what = ask.person.entity, ask.item.entity
    return Inputs(who.uid, what.uid, {"secure": True}, {who.uid: who, what.uid: what})


def cedar_json(ask: Ask) -> tuple[dict[str, Any], str]:
    """Give the request and its entities as cedarpy likes them best: objects and small JSON."""
    given = inputs(ask)
    request = {
        "principal": {"type": given.principal.type, "id": given.principal.id},
        "action": {"type": "Action", "id": ACTION},
        "resource": {"type": given.resource.type, "id": given.resource.id},
        "context": json.dumps({key: to_json(value) for key, value in given.context.items()}),
    }
    return request, json.dumps([write_entity(one) for one in given.entities.values()])


def plain(ask: Ask) -> dict[str, Any]:
    return {"principal": ask.person.plain, "resource": ask.item.plain}


def pair(ask: Ask) -> tuple[Any, Any]:
    return ask.person, ask.item


def nothing(_: Ask) -> None:
    return None


# --- measuring ---


def check(subject: Subject) -> None:
    """Refuse to time what decides wrongly."""
    if "foreseen" in subject.name:
        return
    for ask, allowed in TABLE:
        answer = subject.run(subject.given(ask))
        found = getattr(answer, "allow", answer)
        if found is not allowed:
            raise SystemExit(f"{subject.name}: {ask} is {found}, not {allowed}")


def measure(subject: Subject) -> None:
    """Time one round: all requests of the table in turn."""
    given = [subject.given(ask) for ask, _ in TABLE]
    run, count, spent = subject.run, 0, 0.0
    for one in given:
        run(one)
    while spent < SECONDS:
        began = time.thread_time()
        for _ in range(10 if subject.items == 1 else 1):
            for one in given:
                run(one)
        spent += time.thread_time() - began
        count += len(given) * (10 if subject.items == 1 else 1) * subject.items
    subject.times.append(spent / count * 1e6)


# --- the page ---


def report(single: list[Subject], lists: list[Subject], rounds: int) -> str:
    """Write the page."""
    made = f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC"
    method = (
        f"{machine()} CPU time of one thread, median of {rounds} rounds (lowest to highest); a"
        f" round asks {len(TABLE)} requests in turn, of which"
        f" {sum(allowed for _, allowed in TABLE)} are allowed. Every subject decides all of them"
        " rightly before it is timed."
    )
    rule = (
        "Rule: the owner, or staff of the record's depot; nothing that is frozen, but for an admin."
        " With 300 policies there are 100 actions of three policies each; for Casbin too, which"
        " looks at all of them."
    )
    parts = [
        "# What a decision costs",
        f"Made by `python3 dev.py bench authz` on {made}. Trust the ratios, not the absolutes.",
        method,
        "## One decision",
        rule,
        table(single, single[0]),
        f"## A list of {ITEMS} records",
        "The same rule for each record of an answer; microseconds are of one record.",
        table(lists, lists[0]),
    ]
    return "\n\n".join(parts) + "\n"


def table(subjects: list[Subject], mine: Subject) -> str:
    lines = ["| | µs | times the first |", "|---|--:|--:|"]
    for subject in subjects:
        low, high = min(subject.times), max(subject.times)
        lines.append(
            f"| {subject.name} | **{subject.cost:.2f}** ({low:.2f} to {high:.2f})"
            f" | {subject.cost / mine.cost:.1f} |"
        )
    return "\n".join(lines)


def machine() -> str:
    """Name the interpreter and the versions."""
    flags = f"{sysconfig.get_config_var('CONFIG_ARGS')} {sysconfig.get_config_var('PY_CFLAGS')}"
    debian = sys.base_prefix == "/usr"  # Debian's is built with PGO and does not say so
    tuned = debian or "--enable-optimizations" in flags or "-fprofile-use" in flags
    pgo = "built with PGO" if tuned else "built without PGO"
    names = ("cedarpy", "cel-expr-python", "pycasbin")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    return f"Python {platform.python_version()} {pgo}, {versions}."


if __name__ == "__main__":
    main()
