"""How many cores this process may really use: what `gateway.workers = 0` stands for.

The affinity mask alone says 64 in a container that may use one core of such a machine; 64 workers
would then share its time and cost their memory. So the quota of the control group counts as well
(cgroups(7): `cpu.max` of version 2, `cpu.cfs_quota_us` of version 1). Never below 1.
"""

from __future__ import annotations

import math
import os
from contextlib import suppress
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")


def usable_cores(groups: Path = GROUPS, own: Path = OWN) -> int:
    """Count the cores: of the affinity mask, or fewer where a quota says so."""
    allowed = len(os.sched_getaffinity(0))
    quotas = [*_unified(groups, own), *_legacy(groups / "cpu")]
    return max(1, min([allowed, *map(math.ceil, quotas)]))


def _unified(groups: Path, own: Path) -> list[float]:
    """Quotas in cores of our group and all above it; a container sees its own as the root."""
    found = []
    with suppress(OSError):
        name = next((row[3:] for row in own.read_text().splitlines() if row[:3] == "0::"), "/")
        place = groups / name.strip("/")
        for folder in (place, *place.parents):
            if not folder.is_relative_to(groups):
                break
            with suppress(OSError, ValueError):
                quota, period = (folder / "cpu.max").read_text().split()
                found.append(int(quota) / int(period))  # `max` is no number: no quota
    return found


def _legacy(group: Path) -> list[float]:
    with suppress(OSError, ValueError):
        quota = int((group / "cpu.cfs_quota_us").read_text())
        period = int((group / "cpu.cfs_period_us").read_text())
        if quota > 0 and period > 0:
            return [quota / period]
    return []
