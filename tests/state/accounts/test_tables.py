"""The shape of the store: no column may hold what must not be kept."""

from yett.state.accounts import tables


def test_no_column_keeps_a_secret_as_it_is():
    """Random secrets are digests; what must be read again is bytes that are sealed."""
    words = ("secret", "password", "token", "bearer", "private", "code")
    plain = {
        f"{table.name}.{column.name}"
        for table in tables.metadata.sorted_tables
        for column in table.columns
        if any(word in column.name for word in words) and str(column.type) != "BLOB"
    }
    # An Argon2id string, sealed; digests; a code that is shown to people; a signed event.
    assert plain == {"users.password", "clients.secrets", "devices.user_code", "outbox.token"}


def test_every_column_has_a_value():
    """A forgotten column is empty, never unknown; a cut-off alone may be for everything."""
    absent = {
        f"{table.name}.{column.name}"
        for table in tables.metadata.sorted_tables
        for column in table.columns
        if column.nullable
    }
    assert absent == {"revocations.before"}
