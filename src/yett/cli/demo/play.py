"""Plays the tables against the stage and says what became of each request.

An attack goes to the gate and, the very same bytes, to the portal that stands alone. Whether it was
stopped is judged from the answer: the promised code, and nothing in it that must not get out.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from yett.cli.demo.attack import Attack
from yett.cli.demo.holes import Hole
from yett.cli.demo.stage import Stage, run_yett
from yett.cli.demo.traffic import Answer, Ask, send
from yett.cli.demo.visits import Visit


class Visited(Struct, frozen=True):
    """An honest request and its answer."""

    visit: Visit
    answer: Answer

    @property
    def passed(self) -> bool:
        """Whether it got what it came for, and a stream as it came."""
        at_once = self.answer.first_byte < self.answer.seconds / 2
        return (
            self.answer.status == self.visit.status
            and self.answer.holds(self.visit.sees)
            and (at_once or not self.visit.streams)
        )


class Struck(Struct, frozen=True):
    """An attack, what the gate answered, and what the portal alone did.

    Args:
        attack: the row of the table.
        gate: answers of the gate in order.
        alone: the last answer of the portal alone.
        waited: seconds until it was refused, from when it should be.
    """

    attack: Attack
    gate: tuple[Answer, ...]
    alone: Answer
    waited: float = 0.0

    @property
    def last(self) -> Answer:
        """The answer that counts."""
        return self.gate[-1]

    @property
    def stopped(self) -> bool:
        """Whether the attack failed for the promised reason, with one answer, leaking nothing."""
        leaks = any(answer.holds(text) for answer in self.gate for text in self.attack.keeps)
        return (
            self.last.status > 0
            and self.last.code == self.attack.code
            and self.last.answers == 1
            and not leaks
        )

    @property
    def arrives(self) -> int:
        """How many of these the portal is asked."""
        let_go = sum(answer.status < 400 for answer in self.gate) if self.attack.soon else 0
        return self.attack.arrives + let_go

    @property
    def harmed(self) -> bool:
        """Whether the portal alone came to the harm that the table names."""
        if self.attack.harm:
            return self.alone.holds(self.attack.harm)
        if self.attack.slow:
            return self.alone.status == 0  # still waiting when the attacker lost patience
        return bool(self.attack.loss) and 200 <= self.alone.status < 300


class Probed(Struct, frozen=True):
    """A hole that only a rule about records can close, as it is today."""

    hole: Hole
    answer: Answer

    @property
    def open(self) -> bool:
        """Whether it still works."""
        return self.answer.holds(self.hole.harm)


# Members of an answer that a later request repeats.
NOTED = ("approval", "digest")  # of an approval, and what a vote signs
DETAILS = "authorization_details"
CONFIRMED = "ada, confirmed"
SOON_SECONDS = 5.0  # a revocation is in force within one; a machine under load may be slow
PAUSE_SECONDS = 0.05


class Player:
    """Sends the requests of one demo.

    Args:
        stage: where everything runs.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._pool = ThreadPoolExecutor(max_workers=6, thread_name_prefix="slow-attack")
        self._slow: dict[str, Future[Struck]] = {}
        self._noted = dict(stage.house.notes) if stage.house else {}
        self._people = dict(stage.people)
        self._asked = 0

    @property
    def sent(self) -> int:
        """How many requests went to the gate, sign-ins included."""
        return self._asked + (self._stage.house.sent if self._stage.house else 0)

    def begin(self, attacks: tuple[Attack, ...]) -> None:
        """Let attacks that are slow by nature run beside everything else."""
        for attack in attacks:
            if attack.slow:
                self._slow[attack.says] = self._pool.submit(self._strike, attack)

    def visit(self, visit: Visit) -> Visited:
        """Send an honest request through the gate, and note what the next ones need of it."""
        self._prepare(confirms=visit.confirms)
        visit = replace(visit, ask=fill(visit.ask, self._noted))
        answer = self._gate(visit.ask)
        self._note(answer)
        return Visited(visit, answer)

    def strike(self, attack: Attack) -> Struck:
        """Send an attack, or wait for one that has begun."""
        begun = self._slow.get(attack.says)
        return begun.result() if begun else self._strike(attack)

    def probe(self, hole: Hole) -> Probed:
        """Send what should be stopped and is not yet."""
        return Probed(hole, self._gate(hole.ask))

    def close(self) -> None:
        """Wait for what still runs."""
        self._pool.shutdown()

    def _strike(self, attack: Attack) -> Struck:
        self._prepare(confirms=attack.confirms, first=attack.first)
        attack = replace(attack, ask=fill(attack.ask, self._noted))
        beside = self._pool.submit(self._alone, attack) if attack.slow else None
        began = time.monotonic()
        gate = self._insist(attack, began) if attack.soon else self._repeat(attack)
        waited = time.monotonic() - began
        self._note(gate[-1])
        return Struck(attack, gate, beside.result() if beside else self._alone(attack), waited)

    def _prepare(self, *, confirms: bool, first: tuple[str, ...] = ()) -> None:
        if confirms and self._stage.house:
            self._people[CONFIRMED] = self._stage.house.confirm(self._noted[DETAILS])
        if first:
            self._pool.submit(run_yett, self._stage.contract, *first)

    def _note(self, answer: Answer) -> None:
        said = answer.problem
        self._noted |= {key: str(said[key]) for key in NOTED if key in said}
        if self._stage.house and all(key in said for key in NOTED):
            self._noted["vote"] = self._stage.house.vote(*(str(said[key]) for key in NOTED))
        if DETAILS in said:
            self._noted[DETAILS] = json.dumps(said[DETAILS])

    def _repeat(self, attack: Attack) -> tuple[Answer, ...]:
        return tuple(self._gate(attack.ask) for _ in range(attack.times))

    def _insist(self, attack: Attack, began: float) -> tuple[Answer, ...]:
        """Send it until it is refused."""
        answers = [self._gate(attack.ask)]
        while answers[-1].status < 400 and time.monotonic() < began + SOON_SECONDS:
            time.sleep(PAUSE_SECONDS)
            answers.append(self._gate(attack.ask))
        return tuple(answers)

    def _alone(self, attack: Attack) -> Answer:
        if not attack.twin:
            return Answer()
        answers = [self._send(attack.ask, self._stage.alone) for _ in range(attack.times)]
        return answers[-1]

    def _gate(self, ask: Ask) -> Answer:
        self._asked += 1
        return self._send(ask, self._stage.gate)

    def _send(self, ask: Ask, port: int) -> Answer:
        return send(ask, port, self._people.get(ask.who))


def fill(ask: Ask, noted: dict[str, str]) -> Ask:
    """Put what earlier answers said into a request: `{approval}`, `{digest}`."""
    target, body, headers = ask.target, ask.body, ask.headers
    for name, value in noted.items():
        hole = "{" + name + "}"
        target = target.replace(hole, value)
        body = body.replace(hole.encode(), value.encode())
        headers = tuple((key, text.replace(hole, value)) for key, text in headers)
    return replace(ask, target=target, body=body, headers=headers)


def statuses(answers: tuple[Answer, ...]) -> str:
    """Write statuses in order, runs folded: `200 x5, 429 x3`."""
    seen = [answer.status for answer in answers]
    edges = [0, *(at for at, pair in enumerate(pairwise(seen), 1) if pair[0] != pair[1])]
    runs = zip(edges, [*edges[1:], len(seen)], strict=True)
    return ", ".join(
        f"{seen[start]} x{end - start}" if end - start > 1 else str(seen[start])
        for start, end in runs
    )
