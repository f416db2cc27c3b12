import pytest

from yett.contract.lint import lint

MACHINE = {
    "field": "status",
    "initial": ["draft"],
    "terminal": ["cancelled", "done"],
    "operations": {
        "putBooking": {"from": ["draft"], "to": "confirmed"},
        "getBooking": {"from": ["draft", "confirmed"]},
        "cancelBooking": {"from": ["draft", "confirmed"], "to": "cancelled"},
        "finishBooking": {"from": ["confirmed"], "to": "done"},
    },
}
STATES = ["draft", "confirmed", "cancelled", "done"]


def made(contract, good, enum=STATES, **machine):
    status = {"type": "string"} | ({"enum": enum} if enum else {})
    good["components"]["schemas"]["Booking"] = {
        "properties": {"state": status, "status": status},
        "x-yett-machine": MACHINE | machine,
    }
    for method in ("get", "put"):
        good["paths"]["/bookings/{id}"][method]["x-yett"] = {
            "resource": {"type": "Booking", "id": "path.id"}
        }
    for name in ("cancel", "finish"):
        good["paths"][f"/bookings/{{id}}/{name}"] = {
            "parameters": good["paths"]["/bookings/{id}"]["parameters"],
            "post": {"operationId": f"{name}Booking", "responses": {}},
        }
    return [f for f in lint(contract(good)) if f.rule.startswith("machine-")]


def test_a_good_machine_says_nothing(contract, good):
    """Every state is reached and left, or terminal."""
    assert made(contract, good) == []
    assert made(contract, good, enum=None) == []


@pytest.mark.parametrize(
    ("machine", "rule", "words", "hint"),
    [
        ({"initial": ["draft", "drafft"]}, "machine-state", "`drafft` is no state that `status` can have", "did you mean `draft`?"),
        ({"terminal": ["cancelled", "done", "gone"]}, "machine-state", "`gone`", "`done`"),
        ({"terminal": ["cancelled", "done", "lost"]}, "machine-unreachable", "nothing leads to the state `lost` of a `Booking`", "`initial`"),
        ({"terminal": ["done"]}, "machine-dead-end", "nothing leads out of the state `cancelled`", "`terminal`"),
        ({"terminal": ["cancelled", "done", "confirmed"]}, "machine-terminal", "`cancelBooking` leaves the terminal state `confirmed`", "out of"),
    ],
)  # fmt: skip
def test_a_machine_that_does_not_work(contract, good, machine, rule, words, hint):
    """Each is an error at the state itself."""
    findings = [f for f in made(contract, good, **machine) if f.rule == rule]
    assert words in findings[0].message
    assert hint in findings[0].hint
    assert all(f.severity == "error" and f.line > 1 for f in findings)


def test_a_state_that_only_follows_a_lost_one_is_lost(contract, good):
    """Reaching is counted from where records begin, over any number of moves."""
    operations = {
        "cancelBooking": {"from": ["paid"], "to": "cancelled"},
        "putBooking": {"from": ["paid"], "to": "paid"},
        "finishBooking": {"from": ["draft"], "to": "done"},
    }
    findings = made(contract, good, enum=None, operations=operations)
    assert [(f.rule, f.message) for f in findings] == [
        ("machine-unreachable", "nothing leads to the state `cancelled` of a `Booking`"),
        ("machine-unreachable", "nothing leads to the state `paid` of a `Booking`"),
    ]


def test_a_move_that_stays_is_no_way_out(contract, good):
    """Neither without `to`, nor back to the same state."""
    operations = {
        "getBooking": {"from": ["draft"]},
        "putBooking": {"from": ["draft"], "to": "draft"},
    }
    findings = made(contract, good, operations=operations, terminal=[])
    assert [f.rule for f in findings] == ["machine-dead-end"]


def test_a_chain_in_any_order_is_followed(contract, good):
    """The moves may be written backwards."""
    operations = {
        "finishBooking": {"from": ["c"], "to": "d"},
        "cancelBooking": {"from": ["b"], "to": "c"},
        "putBooking": {"from": ["a"], "to": "b"},
    }
    assert made(contract, good, None, initial=["a"], terminal=["d"], operations=operations) == []


def test_the_attribute_says_where_the_state_is(contract, good):
    """`attrs: {status: /state}`: the enum of that property counts."""
    good["paths"]["/bookings/{id}"]["get"].pop("x-yett")
    status = made(contract, good)
    assert status == []
    for method in ("get", "put"):
        good["paths"]["/bookings/{id}"][method]["x-yett"]["resource"]["attrs"] = {
            "status": "/state"
        }
    good["components"]["schemas"]["Booking"]["properties"]["state"] = {"enum": ["draft"]}
    rules = {f.rule for f in lint(contract(good))}
    assert "machine-state" in rules
