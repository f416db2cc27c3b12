"""The matrix as JSON, to be committed and compared."""

from __future__ import annotations

from yett.review.matrix_cells import Cell, Matrix, as_data


def test_a_matrix_is_plain_data():
    """Columns in order, and each cell with its words."""
    found = as_data(Matrix(("user",), {"get": {"user": Cell("cond", "when", ("r",))}}))
    assert found == {
        "columns": ["user"],
        "actions": {"get": {"user": {"access": "cond", "when": "when", "rules": ["r"]}}},
    }
