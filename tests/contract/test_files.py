import hashlib
import os

import pytest

from yett.contract import files
from yett.contract.errors import ContractError
from yett.contract.files import Files, read_bounded
from yett.contract.kept import name_of, pack


def test_the_digest_covers_names_and_contents(tmp_path):
    """Moving a byte from one file to the next changes it."""
    digests = set()
    for a, b in (("xy", "z"), ("x", "yz"), ("xyz", "")):
        (tmp_path / "a").write_text(a)
        (tmp_path / "b").write_text(b)
        reader = Files(tmp_path)
        reader.read("a")
        reader.read("b")
        digests.add(reader.digest)
    assert len(digests) == 3


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nope", "no such file"),
        (".", "cannot be read"),
        ("a\0b", "not a file name"),
        ("x" * 300, "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, name, words):
    """A reason for each, no OSError."""
    with pytest.raises(ContractError) as caught:
        read_bounded(tmp_path / name)
    assert words in caught.value.findings[0].message


def test_a_pipe_is_no_file(tmp_path):
    """A named pipe would hang or grow for ever."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ContractError, match="not a regular file"):
        read_bounded(tmp_path / "pipe")


def test_a_file_has_a_bound(tmp_path, monkeypatch):
    """Beyond it nothing is read."""
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 1 << 20)
    (tmp_path / "big").write_bytes(b"x" * ((1 << 20) + 1))
    with pytest.raises(ContractError, match="larger than 1 MiB"):
        read_bounded(tmp_path / "big")


@pytest.fixture
def big(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "WORTH_KEEPING_BYTES", 10)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "a.yaml").write_text("a:\n  - b\n  - 12:30\n")
    return tmp_path


def test_a_big_yaml_is_kept_and_found_again(big, monkeypatch):
    """The second start does not parse, and still knows the lines."""
    first = Files(big).document("a.yaml")
    monkeypatch.setattr(files, "read_document", None)
    again = Files(big).document("a.yaml")
    assert again.value == first.value == {"a": ["b", "12:30"]}
    assert again.source.at("a", 1).line == 3


def test_a_changed_file_is_read_anew(big):
    """The shelf goes by content."""
    Files(big).document("a.yaml")
    (big / "a.yaml").write_text("a: changed long enough")
    assert Files(big).document("a.yaml").value == {"a": "changed long enough"}


def test_nothing_beside_the_contract_is_believed_or_written(big):
    """A repository cannot bring the parsed form of its files: only the file that was reviewed counts."""
    digest = hashlib.sha256((big / "a.yaml").read_bytes()).hexdigest()
    for place in (big / ".yett" / "cache", big / ".yett", big):
        place.mkdir(parents=True, exist_ok=True)
        (place / name_of(digest)).write_bytes(pack({"a": "poison"}))
    before = sorted(path for path in big.rglob("*") if "cache/yett" not in str(path))
    assert Files(big).document("a.yaml").value == {"a": ["b", "12:30"]}
    after = sorted(path for path in big.rglob("*") if "cache/yett" not in str(path))
    assert set(after) - set(before) <= {big / "cache"}


def test_a_file_that_changed_since_has_no_lines(tmp_path):
    """A wrong line is worse than none."""
    (tmp_path / "a.json").write_text('{"a": 1}')
    document = Files(tmp_path).document("a.json")
    (tmp_path / "a.json").write_text('{"b": 1}')
    assert document.source.at("a").line == 0
