from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner

from yett.cli.audit import audit
from yett.records.ledger import ChainLedger, Entry
from yett.terms import Event


def event(n, **fields):
    given = {
        "time": 1_800_000_000.0 + n,
        "request": f"r{n}",
        "method": "GET",
        "path": f"/bookings/{n}",
        "principal": f"user-{n % 3}",
        "verdict": "allow",
        "status": 200,
    }
    return Event(**{**given, **fields})


@pytest.fixture
def contract(tmp_path):
    """A contract folder with a ledger of 30 records; its yett.toml says little."""
    (tmp_path / "yett.toml").write_text('[store]\nledger = "led"\n')
    with ChainLedger(tmp_path / "led", clock=lambda: 1_800_001_000.0) as ledger:
        ledger.append([Entry("w0", n + 1, event(n)) for n in range(30)])
    return tmp_path


@pytest.fixture
def call(contract):
    def run(*words, folder=contract):
        return CliRunner().invoke(audit, list(words), obj=folder)

    return run


def test_verify_whole(call):
    """A whole ledger ends with 0 and prints the head, which a later verification takes."""
    result = call("verify")
    assert result.exit_code == 0
    head = result.output.split("head: ")[1].split()[0]
    assert call("verify", "--head", head).exit_code == 0


def test_verify_broken(call, contract):
    """A changed record ends with 1 and is named by file and line."""
    [path] = (contract / "led").glob("*.jsonl")
    path.write_bytes(path.read_bytes().replace(b"/bookings/7", b"/bookings/8"))
    result = call("verify")
    assert result.exit_code == 1
    assert "broken (changed): record 7 is changed" in result.output
    assert f"{path}:9" in result.output
    assert json.loads(call("verify", "--format", "json").output)["damage"]["index"] == 7
    assert call("verify", "--to", "6").exit_code == 0


def test_verify_remembered_head(call, contract):
    """Records cut off the end are found with the head from before."""
    head = call("verify").output.split("head: ")[1].split()[0]
    [path] = (contract / "led").glob("*.jsonl")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-2]))
    assert call("verify").exit_code == 0
    result = call("verify", "--head", head)
    assert result.exit_code == 1
    assert "record 29 was remembered" in result.output


@pytest.fixture
def adopting(tmp_path):
    """A ledger of a gate in mode `observe`: 3 without a token, one of them with a bad body."""
    (tmp_path / "yett.toml").write_text('[store]\nledger = "led"\n')
    nobody = ("credential-missing", "scope-missing")
    given = [
        event(0, operation="a.get"),
        event(1, operation="a.get", principal="", observed=nobody),
        event(2, operation="a.get", principal="", observed=nobody),
        event(3, operation="a.put", principal="", observed=(*nobody, "body-invalid")),
    ]
    with ChainLedger(tmp_path / "led", clock=lambda: 1_800_001_000.0) as ledger:
        ledger.append([Entry("w0", n + 1, one) for n, one in enumerate(given)])
    return tmp_path


def test_what_would_be_refused_at_a_glance(call, adopting):
    """`--observed --count` says what enforcing would change, the most frequent first."""
    result = call("search", "--observed", "--count", folder=adopting)
    assert result.exit_code == 0
    lines = [line.split() for line in result.output.splitlines()]
    assert [line[:3] for line in lines] == [
        ["2", "credential-missing", "a.get"],
        ["1", "body-invalid", "a.put"],
        ["1", "credential-missing", "a.put"],
    ]
    assert "2027-01-15T08:00Z" in result.output
    [row] = call(
        "search", "--observed", "--count", "--code", "body-invalid", "--format", "json",
        folder=adopting,
    ).output.splitlines()  # fmt: skip
    assert json.loads(row)["example"] == "r3"


def test_the_requests_behind_a_count(call, adopting):
    """`--observed` alone lists them, each with the codes."""
    output = call("search", "--observed", folder=adopting).output
    assert len(output.splitlines()) == 3
    assert "observed: credential-missing, scope-missing, body-invalid" in output


def test_a_count_longer_than_the_limit_says_so(call, adopting):
    """Rows that are not shown are counted on stderr."""
    result = call("search", "--observed", "--count", "--limit", "1", folder=adopting)
    assert len(result.stdout.splitlines()) == 1
    assert "2 more" in result.stderr


def test_finding_nothing_is_said(call):
    """An empty answer is not silence; programs get an empty output."""
    assert call("search", "--principal", "eve").stderr == "nothing found\n"
    assert call("search", "--principal", "eve", "--format", "json").output == ""


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("--code", "scope-mising"), "`scope-mising` is no code", "did you mean `scope-missing`?"),
        (("--code", "zzz"), "`zzz` is no code", "docs/reference/problems.md"),
        (("--count", "--follow"), "`--count` ends", "leave one of them out"),
        (
            ("--resource", "Booking::3"),
            "`Booking::3` is no record",
            """its id stands in quotes: `--resource 'Booking::"3"'`""",
        ),
        (("--resource", "3"), "`3` is no record", """`--resource 'Booking::"3"'`"""),
    ],
)
def test_a_search_that_cannot_be_meant(call, words, message, hint):
    """Refused with a next step, instead of finding nothing."""
    result = call("search", *words)
    assert result.exit_code == 2
    assert message in result.output
    assert hint in result.output


def test_search(call):
    """Records come newest first, filtered and bounded; oldest first on request."""
    rows = [json.loads(line) for line in call("search", "--format", "json").output.splitlines()]
    assert [row["index"] for row in rows] == list(range(29, -1, -1))
    few = call("search", "--limit", "2", "--principal", "user-1", "--oldest").output.splitlines()
    assert [line.split()[1] for line in few] == ["#1", "#4"]
    assert call("search", "--since", "2027-01-15T08:00:27").output.count("\n") == 3
    assert call("search", "--code", "loop-detected").stdout == ""
    assert call("search", "--code", "loop-detected").exit_code == 0


@pytest.mark.parametrize("code", ["record-leaked", "machine-broken"])
def test_findings_are_searched_by_their_code(call, code):
    """What a finding is called is a code, too, although no client is ever told it."""
    assert call("search", "--code", code).exit_code == 0


def test_search_by_resource(call):
    """No record of the service of that name: nothing is found, and that is said."""
    assert call("search", "--resource", 'Booking::"3"').stderr == "nothing found\n"


def test_search_counts_what_it_cannot_read(call, contract):
    """Damaged lines are said, with exit code 1, after what could be read."""
    [path] = (contract / "led").glob("*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:5], b"garbage\n", *lines[6:]]))
    result = call("search")
    assert result.exit_code == 1
    assert "1 lines are no records" in result.output
    assert "GET /bookings/9" in result.output


def test_show(call):
    """A record is shown by index or by request id."""
    by_index, by_request = call("show", "7"), call("show", "r7")
    assert by_index.exit_code == by_request.exit_code == 0
    assert by_index.output == by_request.output
    assert "path               /bookings/7" in by_index.output
    assert json.loads(call("show", "7", "--format", "json").output)["event"]["request"] == "r7"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("show", "99"), "there is no record `99`"),
        (("show", "\x1b[2J"), "there is no record `\\x1b[2J`"),
        (("verify", "--head", "7"), "`7` is no head"),
        (("verify", "--from", "5", "--to", "4"), "`--to 4` lies before `--from 5`"),
        (("search", "--since", "soon"), "`soon` is no time"),
        (("search", "--status", "99"), "Invalid value for '--status'"),
        (("search", "--limit", "0"), "Invalid value for '--limit'"),
    ],
)
def test_bad_input(call, words, says):
    """What the user got wrong ends with 2 and says what, never with a stack trace."""
    result = call(*words)
    assert result.exit_code == 2
    assert says in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "no such file"),
        ("[store\n", "yett.toml: "),
        ("[store]\nledger = 5\n", "`store.ledger` names no file"),
        ("store = 5\n", "yett.toml: `store` is no table"),
        ('[store]\nledger = "none"\n', "there is no ledger"),
    ],
)
def test_bad_contract_folder(call, tmp_path, text, says):
    """A contract folder that does not lead to a ledger ends with 2 and a next step."""
    folder = tmp_path / "other"
    folder.mkdir()
    if text is not None:
        (folder / "yett.toml").write_text(text)
    result = call("verify", folder=folder)
    assert result.exit_code == 2
    assert says in result.output
    assert "hint: " in result.output


def test_ledger_without_a_contract(call, contract, tmp_path):
    """A ledger that was carried elsewhere is read without any contract."""
    assert call("--ledger", str(contract / "led"), "verify", folder=tmp_path / "no").exit_code == 0


def test_outside_failure(call, contract):
    """What the system refuses ends with 3 and names the file."""
    (contract / "led" / ("0" * 19 + "9.jsonl")).mkdir()
    result = call("search")
    assert result.exit_code == 3
    assert "hint" in result.output or "is a directory" in result.output
    assert "Traceback" not in result.output


def test_through_the_command(contract):
    """`yett -C DIR audit` finds the ledger of that contract, and `| head` ends quietly."""
    words = [sys.executable, "-m", "yett.cli.__main__", "-C", str(contract), "audit"]
    done = subprocess.run([*words, "verify"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("whole: 30 records")
    child = subprocess.Popen(
        [*words, "search", "--limit", "30"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    child.stdout.close()
    assert child.stderr.read() == b""
    child.stderr.close()
    assert child.wait(20) == 0


def test_follow(contract):
    """Following shows what is there, then what comes, and ends with 0 at Ctrl-C."""
    code = "import sys;from yett.cli.audit import audit;audit(sys.argv[1:],obj=None)"
    words = ["--ledger", str(contract / "led"), "search", "--follow", "--limit", "2"]
    child = subprocess.Popen(
        [sys.executable, "-u", "-c", code, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert [child.stdout.readline().split()[1] for _ in range(2)] == ["#28", "#29"]
        with ChainLedger(contract / "led") as ledger:
            ledger.append([Entry("w0", 31, event(30))])
        assert child.stdout.readline().split()[1] == "#30"
        child.send_signal(signal.SIGINT)
        assert child.wait(10) == 0
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
        child.stderr.close()


def test_help_has_examples():
    """Each command's help ends with an example."""
    for words in (["--help"], ["verify", "--help"], ["search", "--help"], ["show", "--help"]):
        assert "Example: yett audit" in CliRunner().invoke(audit, words).output
