import pytest

from yett.contract.kept import name_of, pack, unpack

VALUE = {"openapi": "3.1.0", "n": [1, -2, 1.5, None, True, "é"], "big": 2**63}


def test_what_is_packed_comes_back():
    """Packed and unpacked, a value is the same."""
    assert unpack(pack(VALUE)) == VALUE


def test_a_changed_bit_is_noticed():
    """A kept file that was edited or cut is not used."""
    data = bytearray(pack(VALUE))
    for at in range(0, len(data), 7):
        data[at] ^= 1
        assert unpack(bytes(data)) is None
        data[at] ^= 1
    assert unpack(bytes(data[:-1])) is None
    assert unpack(b"") is None


@pytest.mark.parametrize("value", [2**64, {"a": 2**70}])
def test_what_msgpack_cannot_hold_is_not_kept(value):
    """Integers over 64 bits are read anew each time."""
    assert pack(value) is None


def test_the_name_has_the_format_and_the_digest():
    """Another version of the format reads none of these."""
    assert name_of("ab") == "yaml-1-ab.msgpack"
