"""The access matrix as text and as one HTML page: escaped, self-contained, without any script."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from yett.review.matrix_cells import ALLOW, CONDITION, NO, Cell, Matrix

STYLE = """
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem; color: #1b1f24; background: #fff }
table { border-collapse: collapse } th, td { border: 1px solid #d0d7de; padding: .3rem .6rem }
th { text-align: left; background: #f6f8fa; position: sticky; top: 0 }
td { vertical-align: top } code { font-size: 12px }
.no { color: #6e7781 } .allow { background: #ffebe9 } .cond { background: #fff8c5 }
.unknown { background: #ffd8b5 }
""".strip()
CLASSES = {NO: "no", ALLOW: "allow", CONDITION: "cond"}
# Nothing is loaded and nothing runs, whatever a policy is called (CWE-79).
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def as_text(matrix: Matrix) -> str:
    """Draw a table of `-`, `ALLOW` and `cond`, and the conditions below it."""
    widths = [max(map(len, ("action", *matrix.rows)))]
    widths += [max(len(name), len(ALLOW)) for name in matrix.columns]
    lines = [_line(["action", *matrix.columns], widths)]
    for name, row in matrix.rows.items():
        lines.append(_line([name, *(row[c].access for c in matrix.columns)], widths))
    return "\n".join([*lines, *_conditions(matrix)])


def _line(cells: list[str], widths: list[int]) -> str:
    return "  ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)).rstrip()


def _conditions(matrix: Matrix) -> Iterator[str]:
    """Write each condition once for each action, with the classes it is for."""
    for name, row in matrix.rows.items():
        found: dict[str, list[str]] = {}
        for column in matrix.columns:
            if row[column].when:
                found.setdefault(row[column].when, []).append(column)
        if found:
            yield f"\n{name}"
        for when, columns in found.items():
            yield f"  {'; '.join(columns)}:\n    {when}"


def as_html(matrix: Matrix, title: str) -> str:
    """Write a page that can be opened, mailed and archived as it is."""
    head = "".join(f"<th scope=col>{escape(name)}</th>" for name in ("action", *matrix.columns))
    rows = "\n".join(
        f"<tr><th scope=row>{escape(name)}</th>"
        + "".join(_cell(row[column]) for column in matrix.columns)
        + "</tr>"
        for name, row in matrix.rows.items()
    )
    return (
        "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{escape(title)}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n"
        "</tbody>\n</table>\n</body>\n</html>"
    )


def _cell(cell: Cell) -> str:
    kind = CLASSES.get(cell.access, "unknown")
    rules = f' title="{escape(", ".join(cell.rules))}"' if cell.rules else ""
    when = f"<br><code>{escape(cell.when)}</code>" if cell.when else ""
    return f"<td class={kind}{rules}>{escape(cell.access)}{when}</td>"
