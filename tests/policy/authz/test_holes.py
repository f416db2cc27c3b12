"""What rules leave open is said, and refuses nothing at load."""

from __future__ import annotations

from kit.shop import OWN, answer, compile_shop, document, operation


def rules(tmp_path, contents=None, policies=OWN):
    remarks = compile_shop(tmp_path, contents, policies).remarks
    return [(r.rule.id, r.subject, r.message) for r in remarks if r.rule.id.startswith("authz-")]


ROLE_ONLY = '@id("staff") permit(principal in Role::"staff", action, resource);'


def test_a_record_that_no_rule_looks_at(tmp_path):
    """Whoever may call the operation may name any record: an error of `yett check`."""
    found = rules(tmp_path, policies=ROLE_ONLY)
    assert (
        "authz-unguarded",
        "shop.getBooking",
        "no rule of `shop.getBooking` looks at the `Booking` it is about",
    ) in found
    assert not [f for f in rules(tmp_path) if f[0] == "authz-unguarded"]


def test_a_machine_alone_does_not_guard_a_record(tmp_path):
    """A state is nobody's ownership: generated rules do not count."""
    found = rules(tmp_path, policies=ROLE_ONLY)
    assert "shop.confirmBooking" in [f[1] for f in found if f[0] == "authz-unguarded"]


def test_saying_that_it_is_meant_ends_it(tmp_path):
    """`public_object: true` is the team's word."""
    contents = document()
    contents["paths"]["/bookings/{id}"]["get"]["x-yett"]["public_object"] = True
    found = rules(tmp_path, contents, ROLE_ONLY)
    assert "shop.getBooking" not in [f[1] for f in found if f[0] == "authz-unguarded"]


def test_a_class_that_nobody_may_see(tmp_path):
    """Without a permit a class is left out for everybody, so it is said."""
    found = rules(tmp_path, policies=OWN.replace('@id("pii")', '@id("pii")').split('@id("pii")')[0])
    assert (
        "authz-class-unruled",
        "shop.getBooking",
        "nobody sees the class `pii` in `shop.getBooking`",
    ) in found
    assert (
        "authz-class-unruled",
        "shop.changeBooking",
        "nobody writes the class `pii` in `shop.changeBooking`",
    ) in found


def test_approvals_that_nobody_may_give(tmp_path):
    """An operation that waits for approvals which no policy lets anybody give is never run."""
    contents = document()
    contents["paths"]["/bookings/{id}"]["delete"]["x-yett"]["sensitive"] = {"approvals": 1}
    found = rules(tmp_path, contents)
    assert (
        "authz-approval-unruled",
        "shop.deleteBooking",
        "nobody may approve a request to `shop.deleteBooking`",
    ) in found
    more = (
        OWN
        + '@id("boss") permit(principal in Role::"staff", action == Action::"deleteBooking:approve", resource);'
    )
    assert not [f for f in rules(tmp_path, contents, more) if f[0] == "authz-approval-unruled"]


def exporting(**settings):
    """The shop with an export that does not say what it is about."""
    made = document()
    shown = {"$ref": "#/components/schemas/Booking"}
    schema = {"type": "object", "properties": {"data": {"type": "array", "items": shown}}}
    for path in ("/bookings/{id}", "/bookings"):
        made["paths"][path]["get"]["responses"] = answer(shown)
    del made["paths"]["/bookings"]["get"]["x-yett"]
    made["paths"]["/export"] = {"get": operation("export", answer(schema), **settings)}
    del made["components"]["schemas"]["Booking"]["properties"]["phone"]
    return made


def test_records_that_leave_by_an_operation_about_none(tmp_path):
    """An export with everybody's records is permitted by scopes alone, so it is an error to check."""
    policies = OWN.split('@id("staff")')[0]
    found = [f for f in rules(tmp_path / "a", exporting(), policies) if f[0] == "authz-unguarded"]
    message = "`shop.export` shows a `Booking`, and no rule looks at it"
    assert ("authz-unguarded", "shop.export", message) in found
    assert "shop.listBookings" in [f[1] for f in found]
    meant = rules(tmp_path / "b", exporting(public_object=True), policies)
    assert "shop.export" not in [f[1] for f in meant]
