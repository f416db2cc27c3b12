"""What the injection scan finds, wrongly finds and costs: `.venv/bin/python bench/injection.py`.

The tables of docs/reference/injection.md.

Attacks come from tests/policy/injection/corpus. Prose comes from the machine it runs on (Debian's
package descriptions, changelogs, documentation, Python's docstrings and source), so the figures
differ a little from machine to machine; nothing of it is copied into the project.
"""

from __future__ import annotations

import ast
import collections
import gzip
import importlib.util
import itertools
import random
import re
import subprocess
import sysconfig
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from yett.policy.injection.detect import Detector, make_detector
from yett.policy.injection.library import load_library

ROOT = Path(__file__).resolve().parent.parent
MOST = 60_000
FIRST = [
    "Anna",
    "Conan",
    "Sean",
    "Siobhán",
    "Jean-Luc",
    "Maria",
    "José",
    "Zoë",
    "Li",
    "Amélie",
    "Björn",
    "Patricia",
]
LAST = [
    "O'Brien",
    "O'Neill",
    "O'Reilly",
    "D'Angelo",
    "D'Souza",
    "L'Hôpital",
    "M'Bala",
    "N'Golo",
    "O'Connor-O'Hara",
    "Dell'Aquila",
    "Null",
    "True",
    "Union",
    "Select",
    "Drop",
    "Tables",
    "Or",
    "And",
    "Van't Hoff",
    "'t Hart",
    "Smith",
    "Müller",
]


def names() -> Iterator[str]:
    for first, last in itertools.product(FIRST, LAST):
        yield f"{first} {last}"
        yield f"{last}, {first}"
        yield f"{first}'s order, {last}'s address"


def product_prose() -> Iterator[str]:
    """Sentences with the words SQL uses, as customers write them."""
    verbs = [
        "select",
        "update",
        "delete",
        "drop",
        "insert",
        "order",
        "join",
        "group",
        "like",
        "having",
        "union",
        "set",
        "create",
    ]
    things = [
        "the table",
        "my account",
        "a seat from the menu",
        "one or two items",
        "the card into the reader",
    ]
    tails = [
        *("", ".", "?", " please", " and then call me", " or leave it", ", it's broken"),
        *(" (today)", " - thanks!", " where the others are", " from the list", " by 10:30"),
        *("; the bell doesn't work", " & more", " 1 or 2 times", " = great", " for $5.00"),
        *(" at 50% off", " #1", '; he said "maybe"'),
    ]
    for verb, thing, tail in itertools.product(verbs, things, tails):
        yield f"Please {verb} {thing}{tail}"
        yield f"I would {verb} {thing}{tail}"


def descriptions() -> Iterator[str]:
    done = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, text=True, check=False)
    yield from re.findall(r"^Description: (.*)$", done.stdout, re.MULTILINE)


def changelogs() -> Iterator[str]:
    for path in sorted(Path("/usr/share/doc").glob("*/changelog*.gz")):
        with gzip.open(path, "rt", errors="ignore") as lines:
            yield from (t for line in lines if len(t := line.strip(" *-\t\n")) > 20)


def documents() -> Iterator[str]:
    for path in sorted(Path("/usr/share/doc").glob("*/*")):
        if path.name.startswith("changelog") or not path.is_file():
            continue
        try:
            data = path.read_bytes()
            text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
        except (OSError, UnicodeDecodeError, EOFError, zlib.error):
            continue
        for paragraph in re.split(r"\n\s*\n", text):
            joined = " ".join(paragraph.split())
            if 20 < len(joined) < 2000 and joined.isprintable():
                yield joined


def _trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(Path(sysconfig.get_path("stdlib")).rglob("*.py"))[:3000]:
        try:
            text = path.read_text()
            yield text, ast.parse(text)
        except (OSError, SyntaxError, UnicodeDecodeError, ValueError):
            continue


def docstrings() -> Iterator[str]:
    for _, tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
                yield ast.get_docstring(node) or ""


def source_code() -> Iterator[str]:
    for text, _ in _trees():
        yield from re.split(r"\n\n\n", text)


def identifiers() -> Iterator[str]:
    rng = random.Random(7)
    for _ in range(20_000):
        yield f"{rng.getrandbits(64):x}-{rng.randrange(10**6)}"
        yield f"user{rng.randrange(10**6)}@mail{rng.randrange(99)}.example.com"


PROSE: tuple[tuple[str, str, Callable[[], Iterator[str]]], ...] = (
    ("names with apostrophes", "plain", names),
    ("sentences with SQL's words", "plain", product_prose),
    ("ids and e-mail addresses", "plain", identifiers),
    ("package descriptions", "plain", descriptions),
    ("changelog lines", "plain", changelogs),
    ("documentation paragraphs", "plain", documents),
    ("Python docstrings", "plain", docstrings),
    ("Python docstrings", "html", docstrings),
    ("Python source", "code", source_code),
)


def corpora() -> Callable[[str], list[str]]:
    path = ROOT / "tests/policy/injection/corpora.py"
    spec = importlib.util.spec_from_file_location("injection_corpora", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.values  # type: ignore[no-any-return]


def detection(detect: Detector, values: Callable[[str], list[str]]) -> None:
    library = load_library()
    print("| attacks | values | found | by libinjection alone | not found |\n|---|---|---|---|---|")
    for title, name in (
        ("SQL injection", "sqli"),
        ("cross-site scripting", "xss"),
        ("others", "other"),
    ):
        rows = [row.partition("|")[2] if name == "other" else row for row in values(name)]
        missed = [row for row in rows if not detect(row)]
        alone = sum(bool(library.sqli(row.encode()) or library.xss(row.encode())) for row in rows)
        said = ", ".join(f"`{row}`" for row in missed) or "-"
        print(f"| {title} | {len(rows)} | {len(rows) - len(missed)} | {alone} | {said} |")


def false_positives(detectors: dict[str, Detector]) -> None:
    print(
        "\n| text | profile | values | reported | share | length | µs per value | most frequent |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for title, profile, source in PROSE:
        rows = list(dict.fromkeys(itertools.islice(filter(None, source()), MOST)))
        if not rows:
            continue
        found: collections.Counter[str] = collections.Counter()
        begin = time.thread_time()
        for row in rows:
            if fingerprint := detectors[profile](row):
                found[fingerprint] += 1
        cost = (time.thread_time() - begin) / len(rows) * 1e6
        length = sum(map(len, rows)) / len(rows)
        total = sum(found.values())
        most = ", ".join(f"`{name}` {count}" for name, count in found.most_common(3)) or "-"
        print(
            f"| {title} | {profile} | {len(rows):,} | {total}"
            f" | {total / len(rows):.3%} | {length:.0f} | {cost:.1f} | {most} |"
        )


def cost(detect: Detector) -> None:
    rows = {
        "an id": "bk_0123456789abcdef",
        "a name": "Conan O'Brien",
        "five words": "parcel 17 to the second floor",
        "a sentence": "Please ring twice, the bell at the neighbour's is broken; thanks a lot.",
        "1 KB of prose": "It rained all day and nobody minded. " * 28,
        "a base64 file of 100 KB": "QUJDREVGR0hJ/+AA" * 6250,
        "100 KB of prose": "It rained all day and nobody minded. " * 2700,
        "100 KB, the worst found": ")(a" * 33_334,
    }
    print("\n| value | µs |\n|---|---|")
    for name, row in rows.items():
        number = max(3, 20_000 // max(1, len(row) // 50))
        best = min(_timed(detect, row, number) for _ in range(5))
        print(f"| {name} | {best:,.1f} |")


def _timed(detect: Detector, row: str, number: int) -> float:
    begin = time.thread_time()
    for _ in range(number):
        detect(row)
    return (time.thread_time() - begin) / number * 1e6


def main() -> None:
    detectors = {name: make_detector(name, load_library()) for name in ("plain", "html", "code")}
    detection(detectors["plain"], corpora())
    false_positives(detectors)
    cost(detectors["plain"])


if __name__ == "__main__":
    main()
