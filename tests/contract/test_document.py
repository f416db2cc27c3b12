import pytest

from yett.contract.document import is_yaml, known_document, read_document
from yett.contract.errors import ContractError


def read(data, path):
    return read_document(data, path, lambda: data)


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (b'{"a": 1}', "a.json"),
        (b'\xef\xbb\xbf{"a": 1}', "a.json"),
        (b'{"a": 1}', "a.yaml"),
        (b"{a: 1}", "a.yaml"),
        (b"\xef\xbb\xbfa: 1", "a.yml"),
        (b"a: 1\r\n", "a.yaml"),
        (b"a: 1", "a"),
    ],
)
def test_json_and_yaml_are_told_apart(data, path):
    """`.json` is JSON; anything else is what it looks like. A byte order mark is taken."""
    document = read(data, path)
    assert document.value == {"a": 1}
    assert document.source.at("a").line == 1


@pytest.mark.parametrize(
    ("data", "path", "rule"),
    [
        (b"", "a.json", "document-syntax"),
        (b" \n", "a.yaml", "document-syntax"),
        (b"\xff\xfea\x00", "a.yaml", "document-encoding"),
        (b"\x00\x00\x00{", "a.json", "document-encoding"),
        (b"\x1f\x8b\x08", "a.json", "document-encoding"),
        (b'{"a": "\xff"}', "a.json", "document-encoding"),
        (b'{"a": "\xff"}', "a.yaml", "document-encoding"),
        (b"a: \xff", "a.yaml", "document-encoding"),
        (b"a: 1", "a.json", "document-syntax"),
        (b'{"a": 1,,}', "a", "document-syntax"),
    ],
)
def test_text_that_cannot_be_read_is_named(data, path, rule):
    """Encoding and syntax have their own rules."""
    with pytest.raises(ContractError) as caught:
        read(data, path)
    assert caught.value.findings[0].rule == rule


def test_is_yaml():
    """Only what takes the slow way is worth keeping."""
    assert is_yaml(b"a: 1", "a.yaml")
    assert not is_yaml(b" {}", "a.yaml")
    assert not is_yaml(b"a: 1", "a.json")


def test_a_known_document_still_finds_its_lines():
    """The value comes from the shelf, lines from the file."""
    data = b"a:\n  b: 1\nx-yett: 1"
    document = known_document({"a": {"b": 1}}, data, "a.yaml", lambda: data)
    assert document.source.at("a", "b").line == 2
    assert document.extended
