from yett.contract.errors import ContractError
from yett.policy.errors import PolicyError
from yett.terms import Finding


def test_what_cannot_be_compiled_is_a_contract_error():
    """Who handles mistakes of the contract handles those of its compilation, findings included."""
    finding = Finding(rule="r", severity="error", message="m", path="a", line=2)
    error = PolicyError([finding])
    assert isinstance(error, ContractError)
    assert error.findings == (finding,)
    assert str(error) == "a:2: error r: m"
