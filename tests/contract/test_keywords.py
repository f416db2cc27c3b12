import pytest

from yett.contract.keywords import LEAVES, TYPES
from yett.policy.keywords import KEYWORDS, Where
from yett.policy.keywords import TYPES as COMPILED_TYPES


@pytest.mark.parametrize(
    ("keyword", "good", "bad"),
    [
        ("minimum", [0, -1.5, 10**30], [True, "1", None, float("nan"), float("inf"), 10**309]),
        ("exclusiveMaximum", [1, True], ["1", []]),
        ("maxLength", [0, 3, 3.0], [-1, 1.5, True, "3", float("inf"), 10**400]),
        ("multipleOf", [0.01, 2], [0, -1, True]),
        ("type", ["string", ["string", "null"]], ["text", [], [["string"]], 3]),
        ("enum", [[None], [1, "a"]], [[], "a", {}]),
        ("required", [[], ["a"]], [[1], "a", True]),
        ("uniqueItems", [True, False], [1, "true"]),
    ],
)
def test_values_are_what_the_specification_says(keyword, good, bad):
    """No type stands for another: a boolean is no number, a text is no list."""
    check, _ = LEAVES[keyword]
    assert all(map(check, good))
    assert not any(map(check, bad))


def test_the_compiler_knows_the_same_types_and_no_other_limits():
    """What is checked here and means something to the validator is in the compiler's table."""
    assert TYPES is COMPILED_TYPES
    annotations = {"readOnly", "writeOnly", "nullable", "deprecated", "discriminator"}
    values = {name for name, (where, _) in KEYWORDS.items() if where is Where.VALUE}
    assert LEAVES.keys() - annotations == values - {"const", "x-yett-text"}
