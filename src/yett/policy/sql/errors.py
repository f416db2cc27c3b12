"""The one error of this room: a rule, a model or a caller that cannot be made into a condition.

Raised where the filter is built, before a query runs; it names the rule, its clause and a way out.
"""

from __future__ import annotations


class FilterError(ValueError):
    """The filter cannot be built, so no query may run.

    Args:
        reason: what cannot be, one line, lower-case.
        hint: what to do instead.
        rule: id of the rule, empty when it is about none.
        clause: the clause in Cedar.
    """

    def __init__(self, reason: str, *, hint: str = "", rule: str = "", clause: str = "") -> None:
        self.reason, self.hint, self.rule, self.clause = reason, hint, rule, clause
        where = f"`{rule}`: " if rule else ""
        what = f"`{clause}` " if clause else ""
        super().__init__(f"{where}{what}{reason}" + (f"; hint: {hint}" if hint else ""))

    def at(self, rule: str, clause: str) -> FilterError:
        """Return the same error at a place."""
        return FilterError(self.reason, hint=self.hint, rule=rule, clause=clause)
