"""`yett bench`: the load figures of this machine, beside whatever peers are installed.

The harness lives in the checkout (`bench/`), because it starts peers that only the development
environment has; an installed wheel says so. It measures, and changes nothing outside a new folder
under the system's temporary one, and `bench/RESULTS.md`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

HARNESS = Path(__file__).resolve().parents[3]


@click.command("bench", context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bench(arguments: tuple[str, ...]) -> None:
    """Measure the gate on this machine, beside Envoy, FastAPI and nginx where they are installed.

    ARGUMENTS go to the harness: --rounds N, --seconds N, --only yett,envoy, --no-wrk, --no-pin,
    --out FILE.

    Example: yett bench --rounds 3 --only yett,envoy
    """
    if not (HARNESS / "bench" / "run.py").is_file():
        click.echo(
            "the benchmark needs a checkout of yett, and this is an installed copy", err=True
        )
        click.echo("hint: clone the repository and run `python3 dev.py bench`", err=True)
        sys.exit(2)
    done = subprocess.run(  # noqa: S603 — our own interpreter and our own module
        [sys.executable, "-m", "bench", *arguments],
        cwd=HARNESS,
        env=os.environ | {"PYTHONPATH": str(HARNESS)},
        check=False,
    )
    sys.exit(done.returncode if done.returncode in (0, 2) else 3)
