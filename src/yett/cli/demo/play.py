"""Plays the tables against the stage and says what became of each request.

An attack goes to the gate and, the very same bytes, to the portal that stands alone. Whether it was
stopped is judged from the answer: the promised code, and nothing in it that must not get out.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from yett.cli.demo.attack import Attack
from yett.cli.demo.holes import Hole
from yett.cli.demo.stage import Stage
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
    """

    attack: Attack
    gate: tuple[Answer, ...]
    alone: Answer

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
NOTED = ("approval", "digest")


class Player:
    """Sends the requests of one demo.

    Args:
        stage: where everything runs.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="slow-attack")
        self._slow: dict[str, Future[Struck]] = {}
        self._noted: dict[str, str] = {}
        self.sent = 0

    def begin(self, attacks: tuple[Attack, ...]) -> None:
        """Let attacks that are slow by nature run beside everything else."""
        for attack in attacks:
            if attack.slow:
                self._slow[attack.says] = self._pool.submit(self._strike, attack)

    def visit(self, visit: Visit) -> Visited:
        """Send an honest request through the gate, and note what the next ones need of it."""
        visit = replace(visit, ask=fill(visit.ask, self._noted))
        answer = self._gate(visit.ask)
        self._noted |= {key: str(answer.problem[key]) for key in NOTED if key in answer.problem}
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
        beside = self._pool.submit(self._alone, attack) if attack.slow else None
        gate = tuple(self._gate(attack.ask) for _ in range(attack.times))
        return Struck(attack, gate, beside.result() if beside else self._alone(attack))

    def _alone(self, attack: Attack) -> Answer:
        answers = [self._send(attack.ask, self._stage.alone) for _ in range(attack.times)]
        return answers[-1]

    def _gate(self, ask: Ask) -> Answer:
        self.sent += 1
        return self._send(ask, self._stage.gate)

    def _send(self, ask: Ask, port: int) -> Answer:
        return send(ask, port, self._stage.people.get(ask.who))


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
