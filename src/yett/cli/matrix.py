"""`yett check --matrix`: who may do what, as text, JSON or a page; see `review.matrix`."""

from __future__ import annotations

import json
from pathlib import Path

import click

MATRIX_FORMS = ("text", "json", "html")


def draw_matrix(folder: Path, form: str) -> str:
    """Load and compile a contract and draw its access matrix.

    Raises:
        ContractError: the contract cannot be loaded or compiled.
        click.UsageError: the solver is not installed.
    """
    # The compiler and the solver are for who asks for a matrix.
    from yett.contract.load import load  # noqa: PLC0415 — as above
    from yett.policy.compile import compile_policy  # noqa: PLC0415 — as above
    from yett.review.matrix_cells import as_data  # noqa: PLC0415 — as above
    from yett.review.matrix_page import as_html, as_text  # noqa: PLC0415 — as above
    from yett.review.report import INSTALL  # noqa: PLC0415 — as above
    from yett.review.review import has_solver  # noqa: PLC0415 — as above
    from yett.review.side import make_side  # noqa: PLC0415 — as above

    contract = load(folder)
    side = make_side(contract, compile_policy(contract))
    if not has_solver():
        raise click.UsageError(f"the matrix needs a solver: {INSTALL}")
    from yett.review.matrix import make_matrix  # noqa: PLC0415 — needs the extra `yett[diff]`

    matrix = make_matrix(side)
    if form == "json":
        return json.dumps(as_data(matrix), indent=2, ensure_ascii=False)
    if form == "html":
        return as_html(matrix, f"Who may do what: {', '.join(api.name for api in contract.apis)}")
    return as_text(matrix)
