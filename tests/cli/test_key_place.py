"""Finding the file of keys."""

from __future__ import annotations

from yett.cli.key_place import find_place


def test_only_two_tables_are_read(tmp_path):
    """A contract that is broken elsewhere still lets a key be revoked."""
    (tmp_path / "yett.toml").write_text(
        '[identity]\nkeys = "var/k.json"\nnonsense = 1\n[vocabulary.scopes]\na = "x"\n[gateway]\nlisten = 5\n'
    )
    place = find_place(tmp_path)
    assert (place.path, place.scopes, place.roles) == (tmp_path / "var/k.json", ("a",), ())
