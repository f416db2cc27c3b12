"""A notice comes back as the event that was put down."""

from kit.accounts import NOW

from yett.state.accounts.notices import forget_told, note, note_person, told, untold
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


def test_what_the_ledger_has_is_forgotten_after_a_while(account_store):
    """Old told ones go, untold ones never, and the newest stays: its number is not used again."""
    for at in range(4):
        event = Event(time=NOW + at, request="r", kind="signed-in")
        account_store.write(lambda tx, event=event: note(tx, event))
    with account_store.read() as tx:
        first, second, _, last = [number for number, _ in untold(tx)]
    account_store.write(lambda tx: told(tx, [first, last], NOW))
    account_store.write(lambda tx: told(tx, [second], NOW + 100))
    assert account_store.write(lambda tx: forget_told(tx, NOW + 50)) == 1
    with account_store.read() as tx:
        assert len(untold(tx)) == 1
    assert account_store.write(lambda tx: forget_told(tx, NOW + 500)) == 1
    assert account_store.write(lambda tx: forget_told(tx, NOW + 500)) == 0


def test_what_happened_to_a_person_names_them(account_store):
    """An account is named as a user of its issuer, and nothing is told that was not said."""
    account_store.write(
        lambda tx: note_person(tx, "signed-in", "u_1", now=NOW, issuer="https://a", credential="s")
    )
    with account_store.read() as tx:
        ((_, event),) = untold(tx)
    said = Event(
        time=NOW,
        request="",
        kind="signed-in",
        principal="u_1",
        principal_kind="user",
        issuer="https://a",
        credential="s",
    )
    assert event == said
