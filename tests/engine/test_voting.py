"""The gate's own operations: who sees what, and what a vote does."""

from __future__ import annotations

import json

import pytest
from kit.approvals import document
from kit.desk import Desk
from kit.shop import write_shop
from msgspec.structs import replace

from yett.contract.load import load
from yett.engine import response
from yett.engine.approvals import Proven, Unproven
from yett.engine.program import build
from yett.gate.selfcheck import check_program
from yett.policy.compile import compile_policy


def program_of(folder, sensitive, more=None, config=""):
    """A contract without Cedar whose payments need approvals."""
    text = f"""{config}
[vocabulary.scopes]
"approve:pay" = "approve payments"
"""
    write_shop(folder, document(sensitive, more), policies="", more="")
    toml = (folder / "yett.toml").read_text().replace("customer = []", 'boss = ["approve:pay"]')
    (folder / "yett.toml").write_text(toml + text)
    return build(compile_policy(load(folder)))


@pytest.fixture
def desk(tmp_path):
    made = Desk(program_of(tmp_path / "c", {"approvals": 1, "within": 600}), tmp_path / "a.db")
    made.know("anna")
    made.know("boss", scopes=["approve:pay"])
    made.know("chief", roles=["boss"])
    made.know("eve")
    return made


def pay(desk, who="anna", body=None, target="/pay", **fields):
    return desk.ask(who, "POST", target, body or {"amount": 7, "pin": "1234"}, **fields)


def test_an_approver_sees_exactly_what_is_asked_for(desk):
    """Request, body with its secret covered, requester, digest, what is missing, how long."""
    asked = pay(desk, target="/pay?note=a", x_ledger=b"main")
    desk.now += 10
    status, shown = desk.own("boss", f"/{asked['approval']}")
    assert status == 200
    assert shown["body"] == '{"amount": 7, "pin": "***"}'
    assert shown["request"]["target"] == "/pay?note=a"
    assert shown["request"]["requester"] == "anna"
    assert (shown["state"], shown["needed"], shown["expires_in"]) == ("pending", 1, 590)
    assert (shown["yours"], shown["votes"], shown["digest"]) == (False, [], asked["digest"])
    status, listed = desk.own("chief")
    assert status == 200
    (one,) = listed["approvals"]
    assert one == {name: shown[name] for name in one}
    assert not {"body", "votes"} & one.keys()


def test_the_requester_sees_their_own(desk):
    """Who asked may look how far it is, and may not vote."""
    asked = pay(desk)
    assert desk.own("anna", f"/{asked['approval']}")[1]["yours"]
    assert [one["yours"] for one in desk.own("anna")[1]["approvals"]] == [True]
    code, problem = desk.vote("anna", asked)
    assert (code, problem.status) == ("not-permitted", 403)
    assert desk.kinds() == [("approval-requested", "anna")]


def test_to_others_it_does_not_exist(desk):
    """Who may not approve gets the answer for an id that was never given."""
    asked = pay(desk)
    assert desk.own("eve")[1] == {"approvals": []}
    missing = desk.own("eve", "/" + "0" * 32)
    assert missing[0] == "no-such-record"
    assert desk.own("eve", f"/{asked['approval']}") == missing
    assert desk.vote("eve", asked) == missing
    assert desk.kinds() == [("approval-requested", "anna")]


@pytest.mark.parametrize(
    "changes",
    [
        {"claims": {"preferred_username": "anna"}},
        {"claims": {"email": "ANNA"}},
        {"id": "anna", "issuer": "https://other.test"},
        {"id": "anna", "kind": "key"},
    ],
)
def test_a_name_of_ones_choice_shows_nothing(desk, changes):
    """Who may be the requester is kept from voting, but only who is sees the request."""
    asked = pay(desk)
    desk.know("mallory", **changes)
    assert desk.own("mallory", f"/{asked['approval']}")[0] == "no-such-record"
    assert desk.own("mallory")[1] == {"approvals": []}
    assert desk.vote("mallory", asked)[0] == "no-such-record"
    desk.know("mallory", scopes=["approve:pay"], **changes)
    assert desk.vote("mallory", asked)[1].detail == "nobody approves what they asked for themselves"


def test_an_approver_gives_it_and_the_requester_uses_it(desk):
    """The whole flow leaves request, vote and use in the ledger, in this order."""
    asked = pay(desk)
    status, shown = desk.vote("boss", asked)
    assert (status, shown["state"], shown["needed"]) == (200, "approved", 0)
    assert [(v["by"], v["decision"]) for v in shown["votes"]] == [("boss", "approve")]
    body = {"amount": 7, "pin": "1234"}
    decision, _ = desk.send("anna", "POST", "/pay", body, yett_approval=asked["approval"].encode())
    assert decision.forward is not None
    assert desk.kinds() == [
        ("approval-requested", "anna"),
        ("approval-given", "boss"),
        ("approval-used", "anna"),
        ("intent", "anna"),
    ]
    notes = {event.note for event in desk.events[:3]}
    assert notes == {f"approval {asked['approval']} of sha256:{asked['digest']}"}


def test_a_refusal_ends_it(desk):
    """After a no nothing can be used, and it is on record whose no it was."""
    asked = pay(desk)
    status, shown = desk.vote("boss", asked, "refuse")
    assert (status, shown["state"], shown["body"]) == (200, "refused", "")
    decision, _ = desk.send(
        "anna", "POST", "/pay", {"amount": 7, "pin": "1234"},
        yett_approval=asked["approval"].encode(),
    )  # fmt: skip
    assert decision.problem.code == "approval-invalid"
    assert desk.kinds()[-1] == ("approval-refused", "boss")


@pytest.mark.parametrize(
    "wrong",
    [{"amount": 8, "pin": "1234"}, {"amount": 7, "pin": "1235"}, {"amount": 7}],
)
def test_another_body_is_not_what_was_approved(desk, wrong):
    """Not even a secret that approvers never saw may be exchanged."""
    asked = pay(desk)
    desk.vote("boss", asked)
    named = asked["approval"].encode()
    for who, target, body, fields in (
        ("anna", "/pay", wrong, {}),
        ("anna", "/pay?note=a", None, {}),
        ("anna", "/pay", None, {"x_ledger": b"side"}),
        ("anna", "/pay", None, {"idempotency_key": b"1"}),
        ("eve", "/pay", None, {}),
    ):
        sent = body or {"amount": 7, "pin": "1234"}
        decision, _ = desk.send(who, "POST", target, sent, yett_approval=named, **fields)
        assert decision.problem.code == "approval-invalid"
    good = {"amount": 7, "pin": "1234"}
    assert desk.send("anna", "POST", "/pay", good, yett_approval=named)[0].forward


def test_a_vote_is_for_what_was_seen(desk):
    """A digest that is not the approval's is no vote."""
    asked = pay(desk)
    code, problem = desk.vote("boss", {**asked, "digest": "0" * 64})
    assert (code, problem.detail) == ("approval-invalid", "the approval is for another request")
    assert desk.kinds() == [("approval-requested", "anna")]


def test_one_person_one_vote(desk, tmp_path):
    """Two are two people: not twice the boss, not the boss and the boss's key."""
    desk.program = program_of(tmp_path / "two", {"approvals": 2, "within": 600})
    desk.know("key-of-boss", kind="key", scopes=["approve:pay"])
    asked = pay(desk)
    assert desk.vote("boss", asked)[1]["needed"] == 1
    assert desk.vote("boss", asked)[1].detail == "each person has one vote"
    desk.view.tokens[b"k"] = desk.view.tokens.pop(b"key-of-boss")
    held = desk.view.tokens[b"k"]
    desk.view.tokens[b"k"] = replace(held, principal=replace(held.principal, id="boss"))
    assert desk.vote("k", asked)[1].detail == "each person has one vote"
    assert desk.vote("chief", asked)[1]["state"] == "approved"


@pytest.mark.parametrize("kind", ["service", "anonymous"])
def test_a_service_account_is_nobodys_second_pair_of_eyes(desk, kind):
    """With scopes alone only people approve, whatever scope a machine holds."""
    desk.know("robot", kind=kind, scopes=["approve:pay"])
    asked = pay(desk)
    assert desk.vote("robot", asked)[0] == "no-such-record"


def test_a_vote_that_cannot_be_recorded_does_not_count(desk):
    """No fsync, no vote; a minute later it may be given again."""
    asked = pay(desk)
    desk.durable = False
    assert desk.vote("boss", asked)[0] == "not-recorded"
    desk.durable = True
    assert desk.own("boss", f"/{asked['approval']}")[1]["votes"] == []
    assert desk.vote("boss", asked)[1].detail == "each person has one vote"
    desk.now += 60
    assert desk.vote("boss", asked)[1]["state"] == "approved"


def test_time_ends_it(desk):
    """Neither votes nor uses come after `within`; the requester asks anew."""
    asked = pay(desk)
    desk.now += 599
    assert desk.vote("boss", asked)[1]["state"] == "approved"
    desk.now += 1
    decision, _ = desk.send(
        "anna", "POST", "/pay", {"amount": 7, "pin": "1234"},
        yett_approval=asked["approval"].encode(),
    )  # fmt: skip
    assert decision.problem.note == "the approval has expired"
    assert pay(desk)["approval"] != asked["approval"]
    assert [one["approval"] for one in desk.own("boss")[1]["approvals"]] != [asked["approval"]]


def test_another_contract_ends_it(desk, tmp_path):
    """Approvers agreed under rules that no longer hold: it is shown to nobody and used by nobody."""
    asked = pay(desk)
    desk.vote("boss", asked)
    more = {"/new": {"get": {"operationId": "new", "x-yett": {"public": True},
                             "responses": {"200": {"description": "fine"}}}}}  # fmt: skip
    desk.program = program_of(tmp_path / "new", {"approvals": 1, "within": 600}, more)
    decision, _ = desk.send(
        "anna", "POST", "/pay", {"amount": 7, "pin": "1234"},
        yett_approval=asked["approval"].encode(),
    )  # fmt: skip
    assert decision.problem.code == "approval-invalid"
    assert desk.own("boss")[1] == {"approvals": []}
    assert desk.own("boss", f"/{asked['approval']}")[0] == "no-such-record"
    assert desk.vote("chief", asked)[0] == "no-such-record"


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/x", None, "parameter-invalid"),
        ("/" + "G" * 32, None, "parameter-invalid"),
        ("?all=1", None, "parameter-unknown"),
        ("/" + "0" * 32, {"decision": "maybe", "digest": "0" * 64}, "body-invalid"),
        ("/" + "0" * 32, {"decision": "approve"}, "body-invalid"),
        ("/" + "0" * 32, {"decision": "approve", "digest": "x"}, "body-invalid"),
        ("/" + "0" * 32, {"decision": "approve", "digest": "0" * 64, "more": 1}, "body-invalid"),
        ("/" + "0" * 32, [], "body-invalid"),
    ],
)
def test_own_operations_have_a_closed_shape(desk, path, body, code):
    """They are operations like any other: what is not declared is refused."""
    assert desk.own("boss", path, body)[0] == code


def test_own_operations_need_a_credential(desk):
    """Nobody lists, looks or votes without one, whatever mode the gate is in."""
    body = {"decision": "approve", "digest": "0" * 64}
    one = "/" + "0" * 32
    for method, path, sent in (("GET", "", None), ("GET", one, None), ("POST", one, body)):
        decision, _ = desk.send("stranger", method, f"/.well-known/yett/approvals{path}", sent)
        assert (decision.step, decision.problem.code) == (4, "credential-invalid")
    assert {mode for o in desk.program.policy.operations if o.own for mode in o.modes.values()} == {
        "enforce"
    }


def test_a_damaged_store_shows_and_counts_nothing(desk, monkeypatch):
    """Where the store cannot be asked every operation refuses with 503."""
    asked = pay(desk)
    monkeypatch.setattr(desk.store.approvals, "answer", lambda _question: False)
    for found in (
        desk.own("boss"),
        desk.own("boss", f"/{asked['approval']}"),
        desk.vote("boss", asked),
    ):
        assert found[0] == "not-recorded"


def test_answers_are_never_kept_by_caches(desk, tmp_path):
    """`no-store`, also where the rule on response fields does not say so."""
    decision, x = desk.send("boss", "GET", "/.well-known/yett/approvals")
    assert b"cache-control: no-store" in response.fields(x, 200)
    assert dict(decision.reply[1]) == {b"content-type": b"application/json"}
    folder = tmp_path / "c"
    toml = (folder / "yett.toml").read_text() + "\n[rules]\nresponse_headers = 'off'\n"
    (folder / "yett.toml").write_text(toml)
    desk.program = build(compile_policy(load(folder)))
    decision, _ = desk.send("boss", "GET", "/.well-known/yett/approvals")
    assert dict(decision.reply[1])[b"cache-control"] == b"no-store"


def test_the_self_check_plays_them(desk):
    """A contract with approvals passes the check that every contract must pass."""
    check_program(desk.program)


def test_lists_are_bounded(desk, monkeypatch):
    """At most so many are shown, the newest."""
    monkeypatch.setattr("yett.engine.voting.MAX_LISTED", 3)
    for amount in range(5):
        pay(desk, body={"amount": amount})
        desk.now += 1
    listed = desk.own("boss")[1]["approvals"]
    ids = [one["approval"] for one in listed]
    newest = [pay(desk, body={"amount": amount})["approval"] for amount in (4, 3, 2)]
    assert ids == newest


BUILTIN = """
[identity.builtin]
url = "https://api.example.com/auth"
audience = "https://api.test"
admin_role = "boss"
[authz]
signatures = "{}"
"""
ASSERTION = {
    "id": "YQ",
    "rawId": "YQ",
    "type": "public-key",
    "authenticatorAttachment": "platform",
    "clientExtensionResults": {},
    "response": {
        "clientDataJSON": "e30",
        "authenticatorData": "YQ",
        "signature": "--_-",
        "userHandle": None,
    },
}


@pytest.fixture
def signing(tmp_path):
    """Where votes may be signed; `questions` are those about signatures."""
    program = program_of(
        tmp_path / "c", {"approvals": 1, "within": 600}, config=BUILTIN.format("own")
    )
    made = Desk(program, tmp_path / "a.db")
    made.know("anna")
    made.know("boss", scopes=["approve:pay"])
    made.questions = []

    def prove(question):
        made.questions.append(question)
        return Proven(voter=question.voter, evidence="yett-passkey/1 evidence")

    made.prove = prove
    return made


def test_a_signed_vote_keeps_its_evidence(signing):
    """In the record of the vote, and with the vote; voters are told that it is signed."""
    asked = pay(signing)
    status, shown = signing.vote("boss", asked, assertion=ASSERTION)
    assert (status, shown["state"]) == (200, "approved")
    assert [vote["signed"] for vote in shown["votes"]] == [True]
    (question,) = signing.questions
    assert (question.id, question.digest) == (asked["approval"], asked["digest"])
    assert (question.approve, question.signatures, question.voter.id) == (True, "own", "boss")
    assert json.loads(question.assertion) == ASSERTION
    given = next(event for event in signing.events if event.kind == "approval-given")
    assert given.evidence == "yett-passkey/1 evidence"
    (kept,) = signing.store.find(asked["approval"], signing.now)
    assert kept.votes[0].evidence == given.evidence


def test_who_asks_is_told_where_others_sign(signing):
    """The page of the issuer, to be sent to them."""
    asked = pay(signing)
    assert asked["page"] == f"https://api.example.com/auth/approvals/{asked['approval']}"


def test_a_vote_that_is_not_proven_is_not_cast(signing):
    """The voter is told what to do, the record why; nothing is put down."""
    asked = pay(signing)
    signing.prove = lambda _: Unproven(detail="sign it", note="the challenge is another one")
    code, problem = signing.vote("boss", asked)
    assert (code, problem.detail, problem.note) == (
        "approval-invalid",
        "sign it",
        "the challenge is another one",
    )
    signing.prove = lambda _: False
    assert signing.vote("boss", asked)[0] == "not-recorded"
    assert signing.kinds() == [("approval-requested", "anna")]
    assert signing.store.find(asked["approval"], signing.now)[0].votes == ()


def test_the_names_of_an_account_count(signing):
    """Who asked with an API key does not approve by signing in: their account has that name."""
    asked = pay(signing)
    signing.prove = lambda q: Proven(voter=replace(q.voter, names=(*q.voter.names, "anna")))
    assert signing.vote("boss", asked)[1].detail == "nobody approves what they asked for themselves"


@pytest.mark.parametrize(
    "changes",
    [
        {"assertion": {}},
        {"assertion": None},
        {"assertion": {**ASSERTION, "more": 1}},
        {"assertion": {**ASSERTION, "type": "password"}},
        {"assertion": {**ASSERTION, "id": "YQ=="}},
        {"assertion": {**ASSERTION, "id": "A" * 1365}},
        {"assertion": {**ASSERTION, "clientExtensionResults": {"x": 1}}},
        {"assertion": {**ASSERTION, "response": {"clientDataJSON": "e30"}}},
        {"signature": ASSERTION},
    ],
    ids=range(9),
)
def test_an_assertion_of_another_shape_is_refused(signing, changes):
    """Closed and bounded: it never reaches the store."""
    asked = pay(signing)
    assert signing.vote("boss", asked, **changes)[0] in ("body-invalid", "unknown-field")
    assert signing.questions == []


def test_without_an_issuer_there_are_no_signatures(desk):
    """An assertion that nobody could verify is not ignored."""
    asked = pay(desk)
    assert "page" not in asked
    code, problem = desk.vote("boss", asked, assertion=ASSERTION)
    assert (code, problem.note) == ("approval-invalid", "an assertion without an issuer")
    assert desk.vote("boss", asked)[0] == 200
