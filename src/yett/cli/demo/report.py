"""Prints the demo: one line for what passed, three for what was stopped, the sum at the end.

Readable without colour: every line says in words what happened. Text that came over the network is
printed as text, never as markup.
"""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from yett.cli.demo.play import Probed, Struck, Visited, statuses
from yett.cli.demo.traffic import Ask

REQUEST_CHARACTERS = 44
PLAIN_WIDTH = 110


def make_console(*, colour: bool) -> Console:
    """Make the console; a pipe gets a fixed width, so that two runs look the same."""
    console = Console(no_color=not colour, highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    return console


def title(console: Console, text: str) -> None:
    """Print a heading."""
    console.print()
    console.print(Text(text.upper(), "bold"))


def subtitle(console: Console, text: str) -> None:
    """Print a smaller heading."""
    console.print(Text(f"\n  {text}", "bold cyan"))


def visited(console: Console, result: Visited) -> None:
    """Print an honest request."""
    visit, answer = result.visit, result.answer
    mark = ("passed  ", "green") if result.passed else ("FAILED  ", "bold red")
    line = Text.assemble("  ", mark, f"{answer.status:<4} ")
    line.append(f"{describe(visit.ask):<{REQUEST_CHARACTERS}} ", "bold")
    line.append(f"{visit.ask.who or 'anybody'}: {visit.says}")
    console.print(line)
    if not result.passed:
        console.print(Text(f"          {answer.body[:300]!r}", "red"))


def struck(console: Console, result: Struck) -> None:
    """Print an attack: what, why it failed, what it would have cost."""
    attack = result.attack
    mark = ("stopped ", "green") if result.stopped else ("GOT IN  ", "bold red")
    line = Text.assemble("  ", mark)
    line.append(f"{describe(attack.ask):<{REQUEST_CHARACTERS}} ", "bold")
    line.append(f"{attack.says} · {attack.threat}")
    console.print(line)
    console.print(Text.assemble("          ", *reason(result)))
    console.print(Text.assemble("          ", ("without yett: ", "dim"), *cost(result)))


def reason(result: Struck) -> tuple[str | tuple[str, str], ...]:
    """Say how the gate answered."""
    last = result.last
    seen = statuses(result.gate)
    if last.problem:
        where = f" at {last.problem['pointer']}" if last.problem.get("pointer") else ""
        said = f"{where}: {last.problem.get('detail', '')}{after(result)}"
        return (f"{seen} ", (last.code, "yellow"), said)
    if last.error:
        return (f"{seen} ", (last.error, "yellow"), ", and the whole family of tokens has ended")
    if not last.status:
        return ("no answer",)
    leaks = ", ".join(f"`{text.decode()}`" for text in result.attack.keeps)
    return (f"{seen}, ", ("and nothing in it of ", "yellow"), leaks)


def after(result: Struck) -> str:
    """Say how long a revocation took to be in force."""
    if not result.attack.soon:
        return ""
    if not result.attack.first:
        return f", {result.waited:.2f} s after that"
    words = " ".join(("yett", *result.attack.first[:2]))
    return f", {result.waited:.2f} s after `{words}` was typed"


def cost(result: Struck) -> tuple[str | tuple[str, str], ...]:
    """Say what the portal alone did with the same bytes."""
    if not result.attack.twin:
        return ("it has no such place",)
    status = str(result.alone.status or "no answer")
    if result.harmed:
        return (f"{status}, harm: ", (result.attack.loss, "red"))
    return (f"{status}, refused by the portal itself",)


def explained(console: Console, ask: Ask, why: str) -> None:
    """Print the reason that the record of a refusal gives."""
    console.print(Text.assemble((f"    {describe(ask):<40} ", "bold"), why))


def probed(console: Console, result: Probed) -> None:
    """Print a hole as it is."""
    hole = result.hole
    mark = ("open    ", "yellow") if result.open else ("closed  ", "green")
    line = Text.assemble("  ", mark)
    line.append(f"{describe(hole.ask):<{REQUEST_CHARACTERS}} ", "bold")
    line.append(f"{hole.says} · {hole.threat}, closed by {hole.closes}")
    console.print(line)


def rows(console: Console, pairs: list[tuple[str, str, bool]]) -> None:
    """Print the summary: a name, what was found, and whether that is good."""
    for name, found, good in pairs:
        mark = ("  ok  ", "green") if good else ("  NO  ", "bold red")
        console.print(Text.assemble(mark, f"{name:<28}", (found, "" if good else "red")))


def command(console: Console, line: str, output: str) -> None:
    """Print a command and what it said."""
    console.print(Text(f"  $ {line}", "bold"))
    for text in output.rstrip().splitlines():
        console.print(Text(f"    {text}"))


def describe(ask: Ask) -> str:
    """Write a request on a few characters."""
    text = f"{ask.method} {ask.target}"
    if ask.raw and isinstance(ask.raw[0], bytes):
        text = ask.raw[0].split(b" HTTP/")[0].decode("latin-1")
    return text if len(text) <= REQUEST_CHARACTERS else text[: REQUEST_CHARACTERS - 1] + "…"
