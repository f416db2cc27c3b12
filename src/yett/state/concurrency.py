"""Counts requests under way per subject; bounded by the connections, so nothing is ever dropped."""

from __future__ import annotations


class Concurrency:
    """How many requests each subject has under way in this process."""

    __slots__ = ("_under_way",)

    def __init__(self) -> None:
        self._under_way: dict[str, int] = {}

    def __len__(self) -> int:
        """Count subjects with something under way."""
        return len(self._under_way)

    def enter(self, subject: str, most: int) -> bool:
        """Count one more; False, and nothing counted, when `most` are under way."""
        count = self._under_way.get(subject, 0)
        if count >= most:
            return False
        self._under_way[subject] = count + 1
        return True

    def leave(self, subject: str) -> None:
        """Count one fewer; a subject with none is forgotten."""
        count = self._under_way.get(subject, 0)
        if count > 1:
            self._under_way[subject] = count - 1
        else:
            self._under_way.pop(subject, None)
