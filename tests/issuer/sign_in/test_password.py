"""Signing in with a password and a code: both or nothing, in one wording, at one pace."""

from __future__ import annotations

import base64
import re
import threading

import pytest
from argon2 import PasswordHasher
from kit.accounts import NOW, make_server
from kit.visitor import Visitor, text_of, where

from yett.issuer import password, throttle, totp
from yett.issuer.http import Ask
from yett.issuer.sessions import begin
from yett.issuer.sign_in.password import WRONG, ask_password, take_password
from yett.state.accounts.notices import untold
from yett.state.accounts.sessions import list_sessions
from yett.state.accounts.users import DISABLED, add_user, change_user, find_user

PASSWORD = "kitchen fish lamp"
PATH = "/sign-in/password"


@pytest.fixture
def server(tmp_path):
    """An issuer at which passwords are allowed."""
    made = make_server(tmp_path, passwords=True)
    yield made
    made.store.close()


@pytest.fixture
def ada(server):
    """Somebody with a password and an authenticator app."""
    return enrolled(server, "ada")


def enrolled(server, login):
    def work(tx):
        user = add_user(tx, login=login, now=NOW)
        kept = password.keep(server, user.id, PASSWORD)
        user = change_user(tx, user, now=NOW, password=kept)
        draft = totp.draft(server, user.id, login, "s", NOW)
        secret = base64.b32decode(draft.secret)
        code = totp.code_at(secret, int(NOW // 30))
        totp.confirm(server, tx, user.id, holder="s", sealed=draft.sealed, code=code, now=NOW)
        return user, secret

    user, secret = server.store.write(work)
    server.secrets = {**getattr(server, "secrets", {}), user.id: secret}
    return user


def code(server, user, now):
    return totp.code_at(server.secrets[user.id], int(now // 30))


def post(visitor, login="ada", text=PASSWORD, digits="000000", now=NOW + 60, **more):
    form = {"login": login, "password": text, "code": digits}
    form = {name: value for name, value in form.items() if value}
    return visitor.post(take_password, PATH, form=form, now=now, **more)


def wrong(answer):
    assert answer.status == 403, text_of(answer)
    assert WRONG in text_of(answer)
    return text_of(answer)


def test_both_sign_in(server, ada):
    """A right password with a fresh code is two factors."""
    visitor = Visitor(server)
    answer = post(visitor, digits=code(server, ada, NOW + 60))
    assert where(answer) == "https://api.example.com/auth/account"
    with server.store.read() as tx:
        (session,) = list_sessions(tx, ada.id, NOW)
    assert (session.acr, session.amr) == ("urn:yett:multi-factor", ("pwd", "otp", "mfa"))


def test_any_spelling_of_the_name_does(server, ada):
    """The name is folded as it was when the account was made."""
    assert post(Visitor(server), login=" ADA ", digits=code(server, ada, NOW + 60)).status == 303


@pytest.mark.parametrize(
    ("login", "text", "good"),
    [
        ("ada", "wrong password", True),
        ("ada", PASSWORD, False),
        ("ada", "", True),
        ("nobody", PASSWORD, True),
        ("", "", False),
        ("x" * 5000, "y" * 5000, False),
        ("\x00", "\x00", False),
    ],
)
def test_what_is_wrong_is_not_told(server, ada, login, text, good):
    """A wrong name, password and code have one answer, byte for byte but for the name (CWE-204)."""
    digits = code(server, ada, NOW + 60) if good else "000000"
    page = wrong(post(Visitor(server), login=login, text=text, digits=digits))
    strip = re.sub(r' value="[^"]*"', "", page)
    other = wrong(post(Visitor(server), login="other", source="192.0.2.99"))
    assert strip == re.sub(r' value="[^"]*"', "", other)
    assert "wrong password" not in page


def test_a_code_is_not_used_up_by_a_wrong_password(server, ada):
    """A stranger with the name alone cannot use up the owner's code."""
    digits = code(server, ada, NOW + 60)
    wrong(post(Visitor(server), text="wrong", digits=digits))
    assert post(Visitor(server), digits=digits).status == 303


def test_a_code_is_good_once(server, ada):
    """Whoever watched somebody sign in has a used code."""
    digits = code(server, ada, NOW + 60)
    assert post(Visitor(server), digits=digits).status == 303
    wrong(post(Visitor(server), digits=digits))


def test_at_the_same_moment_one_gets_in(server, ada):
    """Name, password and code sent eight times at once sign in once."""
    digits = code(server, ada, NOW + 60)
    answers = []

    def one(number):
        answers.append(post(Visitor(server), digits=digits, source=f"192.0.2.{number}").status)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303] + [403] * 7


def test_a_password_without_a_second_factor_opens_nothing(server):
    """An account that has no app has no way in by password."""

    def work(tx):
        user = add_user(tx, login="bob", now=NOW)
        change_user(tx, user, now=NOW, password=password.keep(server, user.id, PASSWORD))

    server.store.write(work)
    wrong(post(Visitor(server), login="bob"))


def test_a_disabled_account_is_refused(server, ada):
    """Right password and code do not open what is switched off."""
    server.store.write(lambda tx: change_user(tx, ada, now=NOW, status=DISABLED))
    visitor = Visitor(server)
    assert post(visitor, digits=code(server, ada, NOW + 60)).status == 403
    assert "__Host-yett-sign-in" not in visitor.cookies


def test_guessing_is_slowed(server, ada):
    """After some wrong passwords the right one must wait, too; elsewhere it need not wait long."""
    for _ in range(throttle.HERE.free + 1):
        wrong(post(Visitor(server), text="wrong"))
    answer = post(Visitor(server), digits=code(server, ada, NOW + 60))
    assert answer.status == 429
    assert dict(answer.headers)["retry-after"] == "2"
    assert (
        post(Visitor(server), digits=code(server, ada, NOW + 60), source="192.0.2.2").status == 303
    )


def test_who_knows_the_password_hardly_guesses_a_code(server, ada):
    """From a hundred addresses a dozen codes can be tried in an hour."""
    tried = [post(Visitor(server), source=f"10.0.0.{n}").status for n in range(60)]
    assert tried.count(403) <= throttle.EVERYWHERE["otp"].free + 1
    assert tried[-1] == 429


def test_one_hash_whoever_it_is(server, ada, monkeypatch):
    """Known or unknown, wrong or right: each try costs exactly one hash (CWE-208)."""
    password._nobody()
    real, count = password.HASHER, []

    class Counting:
        check_needs_rehash = staticmethod(real.check_needs_rehash)

        def verify(self, *arguments):
            count.append(1)
            return real.verify(*arguments)

    monkeypatch.setattr(password, "HASHER", Counting())
    for login, text in (("ada", "wrong"), ("nobody", "wrong"), ("", "x"), ("ada", PASSWORD)):
        post(Visitor(server), login=login, text=text)
    assert len(count) == 4


def test_an_old_hash_is_made_again(server, ada, monkeypatch):
    """When the cost is raised, the next sign-in keeps a hash of the new cost."""
    monkeypatch.setattr(password, "HASHER", PasswordHasher(time_cost=1, memory_cost=1024))
    monkeypatch.setattr(password, "_nobody", lambda: "")
    assert post(Visitor(server), digits=code(server, ada, NOW + 60)).status == 303
    with server.store.read() as tx:
        user = find_user(tx, ada.id)
    assert user.password != ada.password
    assert not password.outdated(server, user)
    assert password.verify(server, user, PASSWORD)


def test_somebody_else_does_not_confirm_for_who_is_signed_in(server, ada):
    """In a step-up the name must be that of who is signed in."""
    mallory = enrolled(server, "mallory")
    visitor = Visitor(server)
    ask = Ask(method="POST", path="/", now=NOW)
    _, headers = server.store.write(
        lambda tx: begin(server, tx, ask, ada, acr="urn:yett:single-factor", amr=())
    )
    name, _, rest = headers[0][1].partition("=")
    visitor.cookies[name] = rest.partition(";")[0]
    page = text_of(visitor.get(ask_password, PATH, query={"to": "account"}, now=NOW + 60))
    assert 'value="ada"' in page
    wrong(post(visitor, login="mallory", digits=code(server, mallory, NOW + 60)))
    assert post(visitor, digits=code(server, ada, NOW + 60)).status == 303


def test_a_failure_is_put_down_without_what_was_typed(server, ada):
    """The record names the account and the source; a name that nobody has is not kept (CWE-532)."""
    post(Visitor(server), text="hunter2 hunter2")
    post(Visitor(server), login="hunter3 in the wrong field")
    with server.store.read() as tx:
        events = [event for _, event in untold(tx) if event.kind == "sign-in-failed"]
    assert [(event.principal, event.source) for event in events] == [
        (ada.id, "192.0.2.1"),
        ("", "192.0.2.1"),
    ]
    assert "hunter" not in repr(events)


def test_without_passwords_there_is_no_page(tmp_path):
    """`passwords = false`, the default, answers 404 to both."""
    server = make_server(tmp_path)
    visitor = Visitor(server)
    assert visitor.get(ask_password, PATH).status == 404
    assert post(visitor).status == 404
    server.store.close()


def test_nothing_typed_is_run(server):
    """The name comes back in its field, as text (CWE-79)."""
    page = wrong(post(Visitor(server), login='"><script>alert(1)</script>'))
    assert "<script>alert" not in page
