"""`python -m yett.records LEDGER SOCKET PARENT`: the recorder of a guarded service.

Started by the middleware; see `gate/within/recording.py`. Says why it cannot record on stderr.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from yett.records.errors import LedgerError
from yett.records.recorder import run

UNUSABLE = 3


def main(ledger: str, door: str, parent: str) -> int:
    """Record until SIGTERM, or until the parent and the last worker are gone."""
    if os.getppid() != int(parent):
        return 0  # orphaned before it began: nobody would ever end it
    try:
        run(Path(ledger), Path(door))
    except LedgerError as error:
        sys.stderr.write(f"yett: {error}\n" + (f"hint: {error.hint}\n" if error.hint else ""))
        return UNUSABLE
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
