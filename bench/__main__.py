"""`python -m bench [SUITE]`: without a word the load figures, else one of the suites below."""

from __future__ import annotations

import importlib
import sys

SUITES = {
    "authz": "bench.authz",
    "guarded": "bench.guarded",
    "identity": "bench.identity",
}

if __name__ == "__main__":
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    module = importlib.import_module(SUITES.get(asked, "bench.run"))
    module.main(sys.argv[2:] if asked in SUITES else sys.argv[1:])
