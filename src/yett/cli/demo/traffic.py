"""One request over a real connection, as a customer's client or an attacker's script sends it.

Ordinary requests go through `http.client`; what no well-behaved client would send goes through a
bare socket, piece by piece. Nothing is retried and nothing is judged here.
"""

from __future__ import annotations

import http.client
import json
import socket
import time
from typing import Any

from msgspec import Struct

HOST = "127.0.0.1"
TIMEOUT_SECONDS = 8.0
PATIENCE_SECONDS = 2.0
SILENCE_SECONDS = 0.25
PIECE_BYTES = 1 << 16


class Ask(Struct, frozen=True, kw_only=True):
    """A request as it will be sent.

    Args:
        method: the method.
        target: the request target, sent exactly as it stands.
        who: name of the credential in `people.py`, empty for none.
        headers: further fields.
        body: the body; a `content-length` is added.
        raw: instead of all this, pieces for a bare socket: bytes are written, numbers are seconds
            to wait. `{credential}` in a piece becomes the credential's header line.
        source: the client's address, in 127.0.0.0/8.
    """

    method: str = "GET"
    target: str = ""
    who: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    raw: tuple[bytes | float, ...] = ()
    source: str = HOST


class Answer(Struct, frozen=True, kw_only=True):
    """What came back.

    Args:
        status: of the first answer, 0 when there was none.
        head: names and values of the fields, lower-case names.
        body: the body of the first answer; for a bare socket everything after its head.
        answers: how many answers came back on the connection.
        first_byte: seconds until the body began, `seconds` until it ended.
    """

    status: int = 0
    head: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    answers: int = 0
    first_byte: float = 0.0
    seconds: float = 0.0

    def field(self, name: str) -> str:
        """Return a field's value, empty when it is absent."""
        return next((value for key, value in self.head if key == name), "")

    @property
    def problem(self) -> dict[str, Any]:
        """The problem details of the body, empty when it is something else (RFC 9457)."""
        if not self.field("content-type").startswith("application/problem+json"):
            return {}
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def code(self) -> str:
        """The stable code of the problem: how its `type` ends, or what an issuer's error is."""
        if self.error:
            return self.error
        return str(self.problem.get("type", "")).rpartition("/")[2].rpartition("#")[2]

    @property
    def error(self) -> str:
        """The error of an OAuth endpoint, empty when it is something else (RFC 6749 s5.2)."""
        if self.status not in {400, 401} or self.problem:
            return ""
        try:
            found = json.loads(self.body)
        except ValueError:
            return ""
        return str(found.get("error", "")) if isinstance(found, dict) else ""

    def holds(self, text: bytes) -> bool:
        """Whether a text is anywhere in the answer, fields included; letters of either case."""
        head = "\n".join(f"{name}: {value}" for name, value in self.head).encode("latin-1")
        return text.lower() in head.lower() + b"\n" + self.body.lower()


def send(ask: Ask, port: int, credential: tuple[str, str] | None) -> Answer:
    """Send one request and wait for its answer; an answer that never comes has status 0."""
    try:
        return _send_raw(ask, port, credential) if ask.raw else _send(ask, port, credential)
    except (OSError, http.client.HTTPException):
        return Answer()


def _send(ask: Ask, port: int, credential: tuple[str, str] | None) -> Answer:
    began = time.monotonic()
    connection = http.client.HTTPConnection(
        HOST, port, timeout=TIMEOUT_SECONDS, source_address=(ask.source, 0)
    )
    try:
        _write(connection, ask, credential)
        response = connection.getresponse()
        body = response.read(1)
        first_byte = time.monotonic() - began
        body += response.read()
        return Answer(
            status=response.status,
            head=tuple((name.lower(), value) for name, value in response.getheaders()),
            body=body,
            answers=1,
            first_byte=first_byte,
            seconds=time.monotonic() - began,
        )
    finally:
        connection.close()


def _write(
    connection: http.client.HTTPConnection, ask: Ask, credential: tuple[str, str] | None
) -> None:
    connection.putrequest(ask.method, ask.target, skip_accept_encoding=True)
    for name, value in (*ask.headers, *([credential] if credential else [])):
        connection.putheader(name, value)
    if ask.body or ask.method in {"POST", "PUT", "PATCH"}:
        connection.putheader("content-length", str(len(ask.body)))
    connection.endheaders()
    try:
        for at in range(0, len(ask.body), PIECE_BYTES):
            connection.send(ask.body[at : at + PIECE_BYTES])
    except ConnectionError:
        return  # refused from the head alone: the answer is already there


def _send_raw(ask: Ask, port: int, credential: tuple[str, str] | None) -> Answer:
    line = "{}: {}\r\n".format(*credential).encode("latin-1") if credential else b""
    began = time.monotonic()
    with socket.create_connection((HOST, port), TIMEOUT_SECONDS, (ask.source, 0)) as connection:
        _write_pieces(connection, ask.raw, line)
        received = _drain(connection)
    return _read(received, time.monotonic() - began)


def _write_pieces(
    connection: socket.socket, pieces: tuple[bytes | float, ...], line: bytes
) -> None:
    for piece in pieces:
        if isinstance(piece, float):
            time.sleep(piece)
            continue
        try:
            connection.sendall(piece.replace(b"{credential}", line))
        except ConnectionError:
            return  # refused before all was said: the answer is already there


def _drain(connection: socket.socket) -> bytes:
    """Read until the server closes or is silent for a while; it may think before it begins."""
    received = b""
    connection.settimeout(PATIENCE_SECONDS)
    try:
        while piece := connection.recv(PIECE_BYTES):
            received += piece
            connection.settimeout(SILENCE_SECONDS)
    except OSError:
        return received  # silence or a reset: what came is what there is
    return received


def _read(received: bytes, seconds: float) -> Answer:
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    if not lines[0].startswith("HTTP/1."):
        return Answer(seconds=seconds)
    pairs = (line.partition(":") for line in lines[1:])
    return Answer(
        status=int(lines[0].split(" ")[1]),
        head=tuple((name.strip().lower(), value.strip()) for name, _, value in pairs),
        body=body,
        answers=received.count(b"HTTP/1.1 "),
        seconds=seconds,
    )
