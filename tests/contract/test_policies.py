import os

import pytest

from yett.contract import policies
from yett.contract.errors import ContractError
from yett.contract.load import load

PERMIT = '@id("x")\npermit(principal, action, resource);\n'


@pytest.fixture
def written(folder):
    """Write a good contract with files in `policies`; answers its folder."""

    def write(**files):
        path = folder()
        (path / "policies").mkdir(exist_ok=True)
        for name, text in files.items():
            data = text if isinstance(text, bytes) else text.encode()
            (path / "policies" / name.replace("__", ".")).write_bytes(data)
        return path

    return write


def refused(folder):
    with pytest.raises(ContractError) as caught:
        load(folder)
    return caught.value.findings


def test_files_come_in_the_order_of_their_names(written):
    """Path as the user stands, text as it is."""
    folder = written(b__cedar="b", a__cedar=PERMIT, README__md="no policy", c__cedar__off="x")
    found = load(folder).policies
    assert [(p.path, p.text) for p in found] == [
        (str(folder / "policies/a.cedar"), PERMIT),
        (str(folder / "policies/b.cedar"), "b"),
    ]


def test_without_the_folder_there_are_none(contract):
    """Policies are optional; scopes alone decide then."""
    assert contract().policies == ()


def test_the_digest_tells_policies(written):
    """Another text, another name or another file is another contract."""
    digests = {load(written(a__cedar="a")).digest}
    digests.add(load(written(a__cedar="b")).digest)
    folder = written(a__cedar="b", b__cedar="")
    digests.add(load(folder).digest)
    (folder / "policies/b.cedar").rename(folder / "policies/c.cedar")
    digests.add(load(folder).digest)
    (folder / "policies/c.cedar").unlink()
    (folder / "policies/a.cedar").unlink()
    digests.add(load(folder).digest)
    assert len(digests) == 5


def test_a_mark_at_the_start_is_no_text(written):
    """Editors of Windows write one; Cedar would not read it."""
    assert load(written(a__cedar=b"\xef\xbb\xbfpermit")).policies[0].text == "permit"


def test_what_editors_and_config_maps_leave_is_not_read(written):
    """Names that begin with a dot: locks that lead nowhere, older versions of a mounted folder."""
    folder = written(a__cedar="a")
    (folder / "policies/.#a.cedar").symlink_to("user@host.123")
    (folder / "policies/..2026_11").mkdir()
    (folder / "policies/..2026_11/a.cedar").write_text("old")
    assert len(load(folder).policies) == 1


def test_a_mounted_config_map_is_read(written):
    """There each file is a link into a folder beside it."""
    folder = written()
    (folder / "policies/..data").mkdir()
    (folder / "policies/..data/a.cedar").write_text(PERMIT)
    (folder / "policies/a.cedar").symlink_to("..data/a.cedar")
    assert load(folder).policies[0].text == PERMIT


def test_files_that_are_no_policies_are_let_be(written):
    """A page for readers, a schema for editors, and what an editor keeps aside."""
    folder = written(a__cedar=PERMIT)
    for name in ("README.md", "notes.txt", "yett.cedarschema", "a.cedar~", "a.cedar.bak", "card"):
        (folder / "policies" / name).write_text("forbid(principal, action, resource);")
    assert len(load(folder).policies) == 1


@pytest.mark.parametrize(
    "name", ["A.CEDAR", "a.Cedar", "below/a.cedar", "a.ceder", "a.cedr", "a.ceda", "a.cedar.txt"]
)
def test_a_file_that_would_not_be_read_is_an_error(written, name):
    """It may hold the `forbid` that somebody counts on."""
    folder = written()
    (folder / "policies/below").mkdir()
    (folder / "policies" / name).write_text("forbid(principal, action, resource);")
    (found,) = refused(folder)
    assert found.rule == "policy-file"
    assert f"`policies/{name}` would not be read" in found.message


def test_a_link_out_of_the_folder_is_an_error(written, tmp_path_factory):
    """What was reviewed is in the folder; a link that leads to itself is no better."""
    other = tmp_path_factory.mktemp("other") / "a.cedar"
    other.write_text("permit(principal, action, resource);")
    folder = written()
    (folder / "policies/a.cedar").symlink_to(other)
    (folder / "policies/b.cedar").symlink_to("b.cedar")
    found = refused(folder)
    assert [f.rule for f in found] == ["policy-file"] * 2
    assert "out of the contract folder" in found[0].message


def test_a_folder_that_leads_out_is_an_error(written, tmp_path_factory):
    """The same for the folder as a whole."""
    other = tmp_path_factory.mktemp("other")
    (other / "a.cedar").write_text(PERMIT)
    folder = written()
    (folder / "policies").rmdir()
    (folder / "policies").symlink_to(other)
    assert "out of the contract folder" in refused(folder)[0].message


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (b"permit\n\xff", 2, "not UTF-8"),
        ("a\nb // \u202e evil".encode(), 2, "reorders the text"),
        ("\u2066".encode(), 1, "reorders the text"),
    ],
)
def test_text_is_what_it_looks_like(written, text, line, words):
    """A right-to-left mark in a comment shows a rule that is not there (CVE-2021-42574)."""
    (found,) = refused(written(a__cedar=text))
    assert (found.rule, found.line) == ("policy-file", line)
    assert words in found.message


def test_one_file_has_a_bound(written):
    """Nothing unbounded is read, and a device or pipe is no file."""
    assert "larger than 1 MiB" in refused(written(a__cedar=b" " * (1 << 20) + b" "))[0].message
    folder = written(a__cedar="")
    os.mkfifo(folder / "policies/b.cedar")
    assert "not a regular file" in refused(folder)[0].message


def test_all_files_together_have_a_bound(written, monkeypatch):
    """The number of files and the sum of their sizes."""
    folder = written(a__cedar="123", b__cedar="456")
    monkeypatch.setattr(policies, "MAX_POLICIES_BYTES", 5)
    assert "together" in refused(folder)[0].message
    monkeypatch.setattr(policies, "MAX_POLICY_FILES", 1)
    assert "more than 1 files" in refused(folder)[0].message


def test_something_else_of_that_name_is_an_error(folder):
    """A file called `policies` holds no policies."""
    path = folder(policies="permit")
    assert "cannot be read: not a directory" in refused(path)[0].message


def test_comments_alone_are_no_policy(written):
    """A draft that `yett init` writes changes nothing until a person takes the signs away."""
    folder = written(a__cedar="// permit(principal, action, resource);\n\n   // more\n")
    assert load(folder).policies == ()
    assert len(load(written(a__cedar="// why\nforbid(principal, action, resource);")).policies) == 1
