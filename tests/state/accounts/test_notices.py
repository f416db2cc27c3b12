"""A notice comes back as the event that was put down."""

from kit.accounts import NOW

from yett.state.accounts.notices import note, told, untold
from yett.terms import Event


def test_a_notice_is_the_event(account_store):
    """Nothing of it is lost, in the order in which things happened."""
    events = [
        Event(
            time=NOW + at,
            request="r",
            kind="signed-in",
            principal="u_1",
            resources=('User::"u_1"',),
        )
        for at in range(3)
    ]
    for event in events:
        account_store.write(lambda tx, event=event: note(tx, event))
    with account_store.read() as tx:
        found = untold(tx)
    assert [event for _, event in found] == events
    account_store.write(lambda tx: told(tx, [found[1][0]], NOW))
    with account_store.read() as tx:
        assert [event for _, event in untold(tx)] == [events[0], events[2]]
