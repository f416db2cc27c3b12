"""What is sealed opens with its key and under its name, and is otherwise of no use."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from yett.state.errors import StateError
from yett.state.seal_box import SealBox, open_box
from yett.terms import Secret

KEY_BYTES = 32


@pytest.fixture
def box():
    return SealBox(Secret(b"k" * KEY_BYTES))


def test_what_is_sealed_opens(box):
    """And two seals of the same differ, so that equal secrets do not show."""
    assert box.open(box.seal(b"secret", "totp:u_1"), "totp:u_1") == b"secret"
    assert box.seal(b"secret", "a") != box.seal(b"secret", "a")
    assert b"secret" not in box.seal(b"secret", "a")


def test_a_seal_moved_to_another_row_does_not_open(box):
    """The name is authenticated: nobody's secret becomes somebody else's by a copied row."""
    with pytest.raises(StateError, match="does not open"):
        box.open(box.seal(b"secret", "totp:u_1"), "totp:u_2")


def test_a_changed_seal_does_not_open(box):
    """Each byte counts, and so does the length."""
    sealed = box.seal(b"secret", "a")
    for at in range(len(sealed)):
        with pytest.raises(StateError):
            box.open(sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :], "a")
    for wrong in (b"", sealed[:-1], sealed[:5], sealed + b"x"):
        with pytest.raises(StateError):
            box.open(wrong, "a")
    with pytest.raises(StateError):
        SealBox(Secret(b"o" * KEY_BYTES)).open(sealed, "a")


def test_the_key_file_is_made_once(tmp_path):
    """Twenty processes that start at once end up with one key, readable by their user alone."""
    path = tmp_path / "var/seal.key"
    with ThreadPoolExecutor(20) as pool:
        boxes = list(pool.map(lambda _: open_box(path), range(20)))
    sealed = boxes[0].seal(b"x", "a")
    assert {box.open(sealed, "a") for box in boxes} == {b"x"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["seal.key"]


def test_a_key_that_others_read_is_refused(tmp_path):
    """The message says what to do; so with a file that is no key."""
    path = tmp_path / "seal.key"
    open_box(path)
    path.chmod(0o640)
    with pytest.raises(StateError, match="others may read this key"):
        open_box(path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(StateError, match="no key of 32 bytes"):
        open_box(path)


def test_a_mark_is_of_its_value_name_and_key(box):
    """Nobody else makes it, and no cut of name and value is another one's."""
    mark = box.mark(b"value", "name")
    assert len(mark) == 32
    assert mark == box.mark(b"value", "name")
    others = [
        box.mark(b"value!", "name"),
        box.mark(b"value", "names"),
        box.mark(b"evalue", "nam"),
        SealBox(Secret(b"o" * KEY_BYTES)).mark(b"value", "name"),
    ]
    assert mark not in others
    assert len(set(others)) == 4
