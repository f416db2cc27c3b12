"""The Cedar files of a contract: which ones are read, in which order, within which bounds.

Text only: parsing and validation need the schema that `policy.authz` derives. A Cedar file that is
there and not read could hold the `forbid` that somebody counts on, so that is an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from yett.contract.files import POLICIES_NAME
from yett.contract.model import PolicyText
from yett.contract.places import Source
from yett.contract.report import Report, quote, refuse
from yett.contract.rules import POLICY_FILE

if TYPE_CHECKING:
    from yett.contract.files import Files

SUFFIX = ".cedar"
MAX_POLICY_FILES = 1000
MAX_POLICY_BYTES = 1 << 20
MAX_POLICIES_BYTES = 8 << 20

# Characters that show a text in another order than it is read (CVE-2021-42574, CWE-1007).
_REORDERING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def read_policies(files: Files, report: Report) -> tuple[PolicyText, ...]:
    """Read `policies/*.cedar`, sorted by name; names that begin with a dot are not looked at.

    Raises:
        ContractError: the folder or a file cannot be read, or they are too many or too large.
    """
    found: list[PolicyText] = []
    left = MAX_POLICIES_BYTES
    for name in _names(files, report):
        at = Source(files.path(name), 0)
        if files.leaves(name):
            hint = "a contract is one folder: copy the file into it"
            report.add(POLICY_FILE, "the file is a link out of the contract folder", at, hint=hint)
            continue
        data = files.read(name, POLICY_FILE, most=MAX_POLICY_BYTES)
        left -= len(data)
        if left < 0:
            message = f"the policies are larger than {MAX_POLICIES_BYTES >> 20} MiB together"
            refuse(POLICY_FILE, message, files.path(POLICIES_NAME))
        text = _decode(data, files.path(name), report)
        if _says_something(text):
            found.append(PolicyText(files.path(name), text))
    return tuple(found)


def _names(files: Files, report: Report) -> list[str]:
    listed = files.policy_names(MAX_POLICY_FILES)
    if len(listed) > MAX_POLICY_FILES:
        message = f"more than {MAX_POLICY_FILES:,} files"
        refuse(POLICY_FILE, message, files.path(POLICIES_NAME))
    for name in listed:
        if not name.endswith(SUFFIX) or name.count("/") > 1:
            at = Source(files.path(name), 0)
            hint = f"name it `{POLICIES_NAME}/NAME{SUFFIX}`, in no folder below"
            report.add(POLICY_FILE, f"{quote(name)} would not be read", at, hint=hint)
    return [name for name in listed if name.endswith(SUFFIX) and name.count("/") == 1]


def _says_something(text: str) -> bool:
    """Whether there is more than comments: a draft by `yett init` is no policy yet."""
    lines = (line.strip() for line in text.splitlines())
    return any(line and not line.startswith("//") for line in lines)


def _decode(data: bytes, path: str, report: Report) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        report.add(POLICY_FILE, "not UTF-8 text", Source(path, line), hint="save it as UTF-8")
        return ""
    for number, line_text in enumerate(text.split("\n"), 1):
        if any(mark in line_text for mark in _REORDERING):
            message = "a character that reorders the text on screen: it reads other than it is"
            report.add(POLICY_FILE, message, Source(path, number), hint="remove it")
    return text
