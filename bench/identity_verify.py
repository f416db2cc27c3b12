"""What a credential costs in this process: verified anew, remembered, and refused.

CPU time of this thread, in rounds, every subject after the other. A subject is not timed before it
has accepted and refused a table of credentials rightly.
"""

from __future__ import annotations

import asyncio
import gc
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.identity_peers import Joserfc, PyJwt
from bench.identity_scene import (
    ALGORITHMS,
    ASKED,
    AUDIENCE,
    URL,
    Pair,
    Scene,
    proof,
    thumbprint,
    token,
)

FRESH = 150  # credentials that are verified anew in a round
SECONDS = 0.06  # of a round of what can be repeated
REVOKED = 10_000


@dataclass
class Subject:
    """Something that judges credentials.

    Args:
        group: the table it stands in; the first of a group is what others are compared with.
        name: what it is.
        run: judges one thing; answers what is true for good.
        things: makes what a round judges: anew for each round where `once`.
        once: each thing can be judged only once.
        before: is called before each round.
    """

    group: str
    name: str
    run: Callable[[Any], Any]
    things: Callable[[], list[Any]]
    once: bool = False
    good: bool = True
    before: Callable[[], None] = lambda: None
    times: list[float] = field(default_factory=list)

    @property
    def cost(self) -> float:
        """Microseconds: the median of the rounds."""
        return statistics.median(self.times)


def measure(rounds: int) -> list[Subject]:
    """Check, then measure everything."""
    with tempfile.TemporaryDirectory(prefix="yett-identity-") as name:
        subjects = make(Path(name))
        for subject in subjects:
            _time(subject, warm=True)
        gc.collect()
        gc.freeze()
        for _ in range(rounds):
            for subject in subjects:
                _time(subject)
        gc.unfreeze()
    return subjects


def _time(subject: Subject, *, warm: bool = False) -> None:
    things = subject.things()
    subject.before()
    run, count, spent, good = subject.run, 0, 0.0, 0
    while spent < SECONDS:
        began = time.thread_time()
        for thing in things:
            good += bool(run(thing))
        spent += time.thread_time() - began
        count += len(things)
        if subject.once:
            break
    if good != (count if subject.good else 0):
        raise SystemExit(f"{subject.group}, {subject.name}: {good} of {count} were let pass")
    if not warm:
        subject.times.append(spent / count * 1e6)


def make(folder: Path) -> list[Subject]:
    """Build all subjects on one contract, and one with revocations."""
    scene, holder = Scene(folder / "a"), Pair.make("ES256")
    many = Scene(folder / "b", REVOKED)
    pyjwt, joserfc = PyJwt(scene.jwks), Joserfc(scene.jwks)
    check_tokens(scene, {"PyJWT": pyjwt.verify, "joserfc": joserfc.verify})
    check_proofs(scene, holder, joserfc)
    return [
        *_tokens(scene, pyjwt, joserfc),
        *_proofs(scene, holder, joserfc),
        *_others(scene),
        *_revocations(scene, many),
        *_refused(scene, holder, pyjwt, joserfc),
        *_passkeys(),
    ]


# --- the tables that every subject must judge rightly ---


def bad_tokens(scene: Scene, algorithm: str) -> dict[str, bytes]:
    """Tokens that nobody may accept."""
    pair, stranger = scene.pairs[algorithm], scene.strangers[algorithm]
    now = int(time.time())
    good = token(pair)
    head, payload, mark = good.split(b".")
    other = scene.pairs["RS256" if algorithm != "RS256" else "ES256"]
    return {
        "another key": token(stranger),
        "expired": token(pair, exp=now - 3600, iat=now - 7200),
        "no expiry": token(pair, exp=...),
        "not yet": token(pair, nbf=now + 3600),
        "another audience": token(pair, aud="https://other.example.com"),
        "no audience": token(pair, aud=...),
        "another issuer": token(pair, iss="https://evil.example.com"),
        "no subject": token(pair, sub=...),
        "an ID token": token(pair, header={"typ": "JWT"}),
        "an unknown key": token(pair, header={"kid": "nobody"}),
        "another algorithm's key": token(other, header={"kid": pair.jwk["kid"]}),
        "alg none": b"eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0." + payload + b".",
        "changed payload": b".".join((head, payload[:-6] + b"AAAAAA", mark)),
        "no signature": head + b"." + payload + b".",
        "text": b"x.y.z",
    }


def check_tokens(scene: Scene, peers: dict[str, Callable[[bytes], Any]]) -> None:
    """Stop where a subject judges a token wrongly."""
    steps = scene.steps(4, 5)
    subjects = {"yett": lambda text: steps(scene.ask(authorization=b"Bearer " + text)), **peers}
    for algorithm in ALGORITHMS:
        good, bad = token(scene.pairs[algorithm]), bad_tokens(scene, algorithm)
        for name, judge in subjects.items():
            for _ in range(2):  # the second time it is remembered
                _must(judge(good), good=True, what=f"{name}: a good {algorithm} token")
            for what, text in bad.items():
                _must(judge(text), good=False, what=f"{name}: {algorithm}, {what}")


def check_proofs(scene: Scene, holder: Pair, joserfc: Joserfc) -> None:
    """The same for proofs; each is shown twice, and good once."""
    jkt, steps = thumbprint(holder.jwk), scene.steps(4, 5, 6)
    bound = token(scene.pairs["ES256"], cnf={"jkt": jkt})
    now = int(time.time())
    stranger = Pair.make("ES256")
    bad = {
        "another key": proof(stranger, bound),
        "another method": proof(holder, bound, htm="POST"),
        "another URL": proof(holder, bound, htu="https://api.example.com/other"),
        "another token": proof(holder, b"another"),
        "no token": proof(holder, bound, ath=...),
        "old": proof(holder, bound, iat=now - 900),
        "no time": proof(holder, bound, iat=...),
        "no name": proof(holder, bound, jti=...),
        "another type": proof(holder, bound, header={"typ": "JWT"}),
        "changed": proof(holder, bound)[:-6] + b"AAAAAA",
    }

    def ours(text: bytes) -> bool:
        return bool(steps(scene.ask(authorization=b"DPoP " + bound, dpop=text)))

    def theirs(text: bytes) -> bool:
        return joserfc.prove(text, jkt, URL, bound)

    for name, judge in {"yett": ours, "joserfc": theirs}.items():
        text = proof(holder, bound)
        _must(judge(text), good=True, what=f"{name}: a good proof")
        _must(judge(text), good=False, what=f"{name}: a proof that was used")
        for what, forged in bad.items():
            _must(judge(forged), good=False, what=f"{name}: a proof, {what}")
    plain = scene.ask(authorization=b"Bearer " + bound)
    _must(steps(plain), good=False, what="yett: a bound token without proof")


def _must(answer: Any, *, good: bool, what: str) -> None:
    if bool(answer) is not good:
        raise SystemExit(f"{what} was {'refused' if good else 'accepted'}")


# --- the subjects ---


def _tokens(scene: Scene, pyjwt: PyJwt, joserfc: Joserfc) -> list[Subject]:
    steps, made = scene.steps(4, 5), []
    for algorithm in ALGORITHMS:
        held = [token(scene.pairs[algorithm]) for _ in range(FRESH)]
        asks = [scene.ask(authorization=b"Bearer " + text) for text in held]
        group = f"A token, {algorithm}"
        made += [
            Subject(group, "yett: anew (steps 4 and 5)", steps, lambda asks=asks: asks, once=True,
                    before=scene.view.identity.tokens.clear),
            Subject(group, "PyJWT", pyjwt.verify, lambda held=held: held, once=True),
            Subject(group, "joserfc", joserfc.verify, lambda held=held: held, once=True),
            Subject(group, "yett: remembered (steps 4 and 5)", steps, lambda asks=asks: asks),
        ]  # fmt: skip
    return made


def _proofs(scene: Scene, holder: Pair, joserfc: Joserfc) -> list[Subject]:
    jkt, steps = thumbprint(holder.jwk), scene.steps(4, 5, 6)
    bound = token(scene.pairs["ES256"], cnf={"jkt": jkt})

    def asks() -> list[Any]:
        return [
            scene.ask(authorization=b"DPoP " + bound, dpop=proof(holder, bound))
            for _ in range(FRESH)
        ]

    def proofs() -> list[bytes]:
        return [proof(holder, bound) for _ in range(FRESH)]

    group = "A proof of possession (DPoP, ES256), each its own"
    return [
        Subject(group, "yett: bound token remembered, proof read, compared, used up (steps 4 to 6)",
                steps, asks, once=True),
        Subject(group, "joserfc: the proof alone; a set in memory of what was used",
                lambda text: joserfc.prove(text, jkt, URL, bound), proofs, once=True),
    ]  # fmt: skip


def _others(scene: Scene) -> list[Subject]:
    opaque, group = b"an-opaque-token-of-32-characters", "Other credentials, steps 4 and 5"
    issuer = scene.view.identity.issuers[ASKED]
    assert issuer.introspection is not None
    said = {"active": True, "token_type": "Bearer", "sub": "u_ana", "aud": AUDIENCE, "scope": "a b"}
    answer = json.dumps({**said, "iss": ASKED, "exp": int(time.time()) + 3600})
    issuer.introspection._ask = lambda _: answer.encode()  # noqa: SLF001 — nobody is there
    asyncio.run(scene.view.introspect(ASKED, opaque))
    key, asked = (
        scene.ask("/keyed", x_api_key=scene.key.encode()),
        scene.ask(authorization=b"Bearer " + opaque),
    )
    bad = scene.ask("/keyed", x_api_key=scene.key[:-1].encode() + b"z")
    keyed = scene.steps(4, 5, path="/keyed")
    return [
        Subject(group, "API key", keyed, lambda: [key] * FRESH),
        Subject(group, "API key, mistyped: refused", keyed, lambda: [bad] * FRESH, good=False),
        Subject(group, "introspected token, the answer remembered", scene.steps(4, 5),
                lambda: [asked] * FRESH),
    ]  # fmt: skip


def _revocations(scene: Scene, many: Scene) -> list[Subject]:
    made = []
    for count, one in ((0, scene), (REVOKED, many)):
        x = one.ask(authorization=b"Bearer " + token(one.pairs["ES256"]))
        _must(one.steps(4)(x), good=True, what="a token")
        assert len(one.view.revocations.file.value) == count
        made.append(
            Subject("Step 5 alone: revoked? active", f"{count:,} revocations in force",
                    one.steps(5), lambda x=x: [x] * FRESH)
        )  # fmt: skip
    gone = many.ask(authorization=b"Bearer " + token(many.pairs["ES256"], sub="u_gone_7"))
    _must(many.steps(4, 5)(gone), good=False, what="a revoked subject")
    return made


def _refused(scene: Scene, holder: Pair, pyjwt: PyJwt, joserfc: Joserfc) -> list[Subject]:
    group, steps = "What a refusal costs, ES256 where nothing is said", scene.steps(4, 5)
    made = []
    for what in ("another key", "an unknown key", "expired", "another issuer", "alg none", "text"):
        held = [bad_tokens(scene, "ES256")[what] for _ in range(20)]
        asks = [scene.ask(authorization=b"Bearer " + text) for text in held]
        made.append(Subject(group, f"yett: {what}", steps, lambda asks=asks: asks, good=False))
        if what == "another key":
            made += [
                Subject(group, "PyJWT: another key", pyjwt.verify, lambda held=held: held,
                        good=False),
                Subject(group, "joserfc: another key", joserfc.verify, lambda held=held: held,
                        good=False),
            ]  # fmt: skip
    rsa = [bad_tokens(scene, "RS256")["another key"] for _ in range(20)]
    asks = [scene.ask(authorization=b"Bearer " + text) for text in rsa]
    big = scene.ask(authorization=b"Bearer " + b"a" * 7000 + b"." + b"b" * 7000 + b".c")
    made += [
        Subject(group, "yett: another key, RS256", steps, lambda: asks, good=False),
        Subject(group, "yett: 14 KB of no token", steps, lambda: [big], good=False),
    ]
    bound = token(scene.pairs["ES256"], cnf={"jkt": thumbprint(holder.jwk)})
    stranger = Pair.make("ES256")
    forged = [
        scene.ask(authorization=b"DPoP " + bound, dpop=text)
        for text in (proof(stranger, bound), proof(holder, bound)[:-6] + b"AAAAAA")
        for _ in range(20)
    ]
    made.append(
        Subject(group, "yett: a stolen bound token, the proof forged", scene.steps(4, 5, 6),
                lambda: forged, good=False)
    )  # fmt: skip
    return made


def _passkeys() -> list[Subject]:
    from kit.authenticator import Authenticator, client_data  # noqa: PLC0415 — of the tests
    from webauthn import verify_authentication_response  # noqa: PLC0415 — the peer
    from webauthn.helpers import encode_cbor  # noqa: PLC0415 — the same

    from yett.credentials.passkeys.shown import read_assertion  # noqa: PLC0415 — next to its use
    from yett.credentials.passkeys.signature import Seen, site_of, verify  # noqa: PLC0415 — same

    origin, challenge = "https://api.example.com", b"c" * 32
    site, made = site_of(origin), []
    for kind in ("es256", "eddsa", "rsa2048"):
        device = Authenticator(kind)
        public = encode_cbor(device.cose())
        said = device.sign(client_data(challenge))

        def ours(text: str, public: bytes = public) -> bool:
            shown = read_assertion(text)
            return isinstance(shown, str) or isinstance(
                verify(site, public, shown, challenge), Seen
            )

        def theirs(text: str, public: bytes = public) -> Any:
            return verify_authentication_response(
                credential=text,
                expected_challenge=challenge,
                expected_rp_id="api.example.com",
                expected_origin=origin,
                credential_public_key=public,
                credential_current_sign_count=0,
                require_user_verification=True,
            )

        group = "A passkey's assertion"
        made += [
            Subject(group, f"yett: {kind}, JSON of the page", ours, lambda said=said: [said]),
            Subject(group, f"py_webauthn alone: {kind}", theirs, lambda said=said: [said]),
        ]
        forged = read_assertion(device.sign(client_data(challenge), spoil=lambda s: s[:-2] + b"xy"))
        _must(isinstance(verify(site, public, forged, challenge), Seen), good=False, what=kind)
    return made
