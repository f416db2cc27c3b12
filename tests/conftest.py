"""What holds for every test: hypothesis without a clock, and the same examples on every CI run."""

from __future__ import annotations

import os

from hypothesis import settings

IN_CI = bool(os.environ.get("CI"))
# No deadline: a busy machine is not a failure. In CI derandomised, so that red means a change.
settings.register_profile("yett", deadline=None, derandomize=IN_CI, print_blob=True)
settings.load_profile("yett")
