"""What upstreams answer; see README.md beside this file for their provenance."""

from __future__ import annotations


def ok(*fields, body=b"", line=b"HTTP/1.1 200 OK"):
    return line + b"\r\n" + b"".join(field + b"\r\n" for field in fields) + b"\r\n" + body


# Not HTTP, or two readings: the client gets a 502 of the gate's own, none of these bytes.
BROKEN = {
    "garbage": b"SECRET garbage\r\n\r\n",
    "HTTP/0.9": b"<html>SECRET</html>\r\n\r\n",
    "HTTP/2.0": ok(b"Content-Length: 6", body=b"SECRET", line=b"HTTP/2.0 200 OK"),
    "HTTP/1.2": ok(b"Content-Length: 6", body=b"SECRET", line=b"HTTP/1.2 200 OK"),
    "status 999": ok(b"Content-Length: 6", body=b"SECRET", line=b"HTTP/1.1 999 X"),
    "status 600": ok(b"Content-Length: 6", body=b"SECRET", line=b"HTTP/1.1 600 X"),
    "status 20": ok(b"Content-Length: 6", body=b"SECRET", line=b"HTTP/1.1 20 X"),
    "status 2000": ok(b"Content-Length: 6", body=b"SECRET", line=b"HTTP/1.1 2000 X"),
    "status with letters": ok(line=b"HTTP/1.1 2x0 SECRET"),
    "NUL in the reason": ok(line=b"HTTP/1.1 200 SEC\x00RET"),
    "lower-case http": ok(line=b"http/1.1 200 SECRET"),
    "bare LF": b"HTTP/1.1 200 OK\nContent-Length: 6\n\nSECRET\r\n\r\n",
    "CL and TE": ok(
        b"Content-Length: 6", b"Transfer-Encoding: chunked", body=b"6\r\nSECRET\r\n0\r\n\r\n"
    ),
    "two lengths": ok(b"Content-Length: 6", b"Content-Length: 6", body=b"SECRET"),
    "length list": ok(b"Content-Length: 6, 6", body=b"SECRET"),
    "length signed": ok(b"Content-Length: +6", body=b"SECRET"),
    "length empty": ok(b"Content-Length:", body=b"SECRET"),
    "gzip coding": ok(b"Transfer-Encoding: gzip", body=b"SECRET"),
    "identity coding": ok(b"Transfer-Encoding: identity", body=b"SECRET"),
    "chunked twice": ok(
        b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"
    ),
    "chunked on 1.0": ok(
        b"Transfer-Encoding: chunked", body=b"0\r\n\r\n", line=b"HTTP/1.0 200 SECRET"
    ),
    "obs-fold": ok(b"X: a\r\n SECRET", b"Content-Length: 0"),
    "no colon": ok(b"SECRET", b"Content-Length: 0"),
    "space before colon": ok(b"SECRET : a", b"Content-Length: 0"),
    "NUL in a value": ok(b"X: SECRET\x00", b"Content-Length: 0"),
    "bare CR in a value": ok(b"X: a\rSECRET: b", b"Content-Length: 0"),
    "201 fields": ok(*[b"X-%d: SECRET" % i for i in range(201)], b"Content-Length: 0"),
    "70 KB head": ok(b"X: " + b"SECRET" * 12_000, b"Content-Length: 0"),
    "unasked 101": ok(b"Upgrade: websocket", b"Connection: upgrade", line=b"HTTP/1.1 101 SECRET"),
    "17 interim": ok(line=b"HTTP/1.1 100 Continue") * 17 + ok(body=b"SECRET"),
    "bad first chunk": ok(b"Transfer-Encoding: chunked", body=b"xyz\r\nSECRET\r\n0\r\n\r\n"),
    "nothing": b"",
    "cut in the head": b"HTTP/1.1 200 OK\r\nX-Secret: SECRET",
}

# Complete answers: (bytes, status, body that the client gets).
FINE = {
    "length": (ok(b"Content-Length: 2", body=b"hi"), 200, b"hi"),
    "no length, closed": (ok(body=b"hi"), 200, b"hi"),
    "HTTP/1.0": (ok(body=b"hi", line=b"HTTP/1.0 200 OK"), 200, b"hi"),
    "chunks": (
        ok(b"Transfer-Encoding: chunked", body=b"1\r\nh\r\n1\r\ni\r\n0\r\n\r\n"),
        200,
        b"hi",
    ),
    "chunks with a trailer": (
        ok(b"Transfer-Encoding: chunked", body=b"2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n"),
        200,
        b"hi",
    ),
    "103 first": (
        ok(b"Link: </a>", line=b"HTTP/1.1 103 Early Hints") + ok(b"Content-Length: 2", body=b"hi"),
        200,
        b"hi",
    ),
    "100 first": (
        ok(line=b"HTTP/1.1 100 Continue") + ok(b"Content-Length: 2", body=b"hi"),
        200,
        b"hi",
    ),
    "204": (ok(line=b"HTTP/1.1 204 No Content"), 204, b""),
    "204 with a length": (ok(b"Content-Length: 5", line=b"HTTP/1.1 204 X"), 204, b""),
    "304": (ok(b"Content-Length: 5", line=b"HTTP/1.1 304 Not Modified"), 304, b""),
    "no reason": (ok(b"Content-Length: 2", body=b"hi", line=b"HTTP/1.1 200"), 200, b"hi"),
    "empty reason": (ok(b"Content-Length: 2", body=b"hi", line=b"HTTP/1.1 200 "), 200, b"hi"),
    "odd status": (ok(b"Content-Length: 2", body=b"hi", line=b"HTTP/1.1 299 X"), 299, b"hi"),
    "more behind": (
        ok(b"Content-Length: 2", body=b"hiHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nSECRET"),
        200,
        b"hi",
    ),
    "no fields": (ok(body=b"hi"), 200, b"hi"),
}

# Answers that break off: the client must see that they are not whole.
TRUNCATED = {
    "short length": ok(b"Content-Length: 10", body=b"hi"),
    "no last chunk": ok(b"Transfer-Encoding: chunked", body=b"2\r\nhi\r\n"),
    "cut in a chunk": ok(b"Transfer-Encoding: chunked", body=b"5\r\nhi"),
    "cut before the trailer's end": ok(b"Transfer-Encoding: chunked", body=b"2\r\nhi\r\n0\r\n"),
    "bad later chunk": ok(b"Transfer-Encoding: chunked", body=b"2\r\nhi\r\n") + b"",
}
