"""Hostile and odd requests; see README.md beside this file for their provenance."""

from __future__ import annotations

H = b"Host: a\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
SMUGGLED = b"GET /admin HTTP/1.1\r\nHost: a\r\n\r\n"


def get(*fields, target=b"/x", host=H, version=b"HTTP/1.1", method=b"GET"):
    lines = b"".join(field + b"\r\n" for field in fields)
    return method + b" " + target + b" " + version + b"\r\n" + host + lines + b"\r\n"


def post(*fields, body=b"", target=b"/x", version=b"HTTP/1.1"):
    return get(*fields, target=target, version=version, method=b"POST") + body


def chunks(raw, *fields):
    return post(b"Transfer-Encoding: chunked", *fields, body=raw)


def _lengths():
    for name, value in {
        "signed": b"+5",
        "negative": b"-5",
        "hex": b"0x5",
        "empty": b"",
        "list": b"5, 5",
        "list differing": b"5,6",
        "float": b"5.0",
        "space inside": b"5 5",
        "overflow": b"18446744073709551621",
        "quoted": b'"5"',
        "Arabic digits": b"\xd9\xa5",
        "trailing letter": b"5a",
    }.items():
        yield f"content-length {name}", post(b"Content-Length: " + value, body=b"hello")
    yield "content-length twice", post(b"Content-Length: 5", b"Content-Length: 5", body=b"hello")
    yield (
        "content-length twice differing",
        post(b"Content-Length: 5", b"Content-Length: 0", body=b"hello"),
    )
    yield (
        "CL.TE",
        post(b"Content-Length: 6", b"Transfer-Encoding: chunked", body=b"0\r\n\r\nG" + SMUGGLED),
    )
    yield (
        "TE.CL",
        post(b"Transfer-Encoding: chunked", b"Content-Length: 4", body=b"5c\r\n" + SMUGGLED),
    )
    yield "content-length above the cap", post(b"Content-Length: 5000", body=b"a" * 5000)


def _codings():
    for value in (
        b"xchunked",
        b"chunkedx",
        b"identity",
        b"gzip",
        b"gzip, chunked",
        b"chunked, gzip",
        b"chunked, identity",
        b"identity, chunked",
        b"chunked, chunked",
        b", chunked",
        b"chunked,",
        b'"chunked"',
        b"chunked;q=1",
        b"chunked; a=b",
        b"",
        b"\x0bchunked",
        b"chun ked",
        b"chunked\x00",
    ):
        yield (
            f"transfer-encoding {value!r}",
            post(b"Transfer-Encoding: " + value, body=b"0\r\n\r\n" + SMUGGLED),
        )
    yield (
        "transfer-encoding on two lines",
        post(
            b"Transfer-Encoding: identity",
            b"Transfer-Encoding: chunked",
            body=b"0\r\n\r\n" + SMUGGLED,
        ),
    )
    yield (
        "transfer-encoding twice",
        chunks(b"0\r\n\r\n" + SMUGGLED, b"Transfer-Encoding: chunked"),
    )
    yield (
        "transfer-encoding on HTTP/1.0",
        post(b"Transfer-Encoding: chunked", version=b"HTTP/1.0", body=b"0\r\n\r\n" + SMUGGLED),
    )
    for name in (b"Transfer_Encoding", b"Content_Length", b"TRANSFER_ENCODING"):
        value = b"chunked" if name[:1] == b"T" else b"5"
        yield f"underscore {name!r}", post(name + b": " + value, body=b"0\r\n\r\n")
    yield "underscore Host", get(b"ho_st: a", b"content_type: a", b"Content-Type: b")
    yield "underscore Authorization twin", get(b"Proxy_Authorization: a")
    yield "underscore twin", get(b"X-Key: a", b"X_Key: b")


def _fields():
    for name, line in {
        "space before colon": b"X : a",
        "tab before colon": b"X\t: a",
        "TE space before colon": b"Transfer-Encoding : chunked",
        "no colon": b"nocolon",
        "empty name": b": a",
        "paren in name": b"na(me: a",
        "space in name": b"na me: a",
        "NUL in name": b"na\x00me: a",
        "8-bit in name": b"n\xe4me: a",
        "NUL in value": b"X: a\x00b",
        "BEL in value": b"X: a\x07b",
        "DEL in value": b"X: a\x7fb",
        "VT in value": b"X: a\x0bb",
        "bare CR in value": b"X: a\rb",
        "bare LF in value": b"X: a\nTransfer-Encoding: chunked",
        "obs-fold": b"X: a\r\n b",
        "obs-fold with tab": b"X: a\r\n\tb",
        "fold as first line": b" X: a",
        "CR CR LF": b"X: a\r",
    }.items():
        yield f"field {name}", get(line)
    yield "100 fields and more", get(*[b"X-%d: a" % i for i in range(101)])
    yield "2,000 fields", get(*[b"X-%d: a" % i for i in range(2000)])
    yield "100 KB value", get(b"X: " + b"a" * 100_000)
    yield "100 KB name", get(b"X" * 100_000 + b": a")
    for name in (
        b"Authorization",
        b"Content-Type",
        b"Origin",
        b"User-Agent",
        b"Expect",
        b"Range",
        b"Idempotency-Key",
    ):
        yield f"repeated {name!r}", get(name + b": 100-continue", name + b": 100-continue")


def _hosts():
    yield "host missing", get(host=b"")
    yield "host missing on HTTP/1.0", get(host=b"", version=b"HTTP/1.0")
    yield "host twice", get(b"Host: a")
    yield "host twice differing", get(b"Host: b")
    for value in (
        b"",
        b" ",
        b"a@b",
        b"a/b",
        b"a b",
        b"a, b",
        b"a:abc",
        b"a:99999",
        b"a:",
        b":80",
        b"a:80:80",
        b"[::1",
        b"::1",
        b"[v1.a]",
        b"a?b",
        b"a#b",
        b"a\\b",
        b"a%00b",
        b"\xc3\xa4",
        b"-a" + b"a" * 300,
        b"<a>",
        b"a;b",
    ):
        yield f"host {value!r}", get(host=b"Host: " + value + b"\r\n")


def _lines():
    for name, line in {
        "no version": b"GET /x",
        "HTTP/0.9 glued": b"GET /xHTTP/1.1",
        "HTTP/0.9": b"GET /x HTTP/0.9",
        "HTTP/1.2": b"GET /x HTTP/1.2",
        "HTTP/1.10": b"GET /x HTTP/1.10",
        "HTTP/2.0": b"GET /x HTTP/2.0",
        "HTTP/3": b"GET /x HTTP/3",
        "HTTP/01.1": b"GET /x HTTP/01.1",
        "HTTP/1.": b"GET /x HTTP/1.",
        "lower-case http": b"GET /x http/1.1",
        "HTTP /1.1": b"GET /x HTTP /1.1",
        "RTSP": b"GET /x RTSP/1.0",
        "ICE": b"SOURCE /x ICE/1.0",
        "lower-case method": b"get /x HTTP/1.1",
        "no method": b" /x HTTP/1.1",
        "method with bracket": b"G(T /x HTTP/1.1",
        "method with NUL": b"G\x00T /x HTTP/1.1",
        "long method": b"G" * 40 + b" /x HTTP/1.1",
        "no target": b"GET HTTP/1.1",
        "empty target": b"GET  HTTP/1.1",
        "double space": b"GET  /x HTTP/1.1",
        "double space before version": b"GET /x  HTTP/1.1",
        "tab separators": b"GET\t/x\tHTTP/1.1",
        "space in target": b"GET /x y HTTP/1.1",
        "trailing space": b"GET /x HTTP/1.1 ",
        "leading space": b" GET /x HTTP/1.1",
        "NUL in target": b"GET /x\x00 HTTP/1.1",
        "DEL in target": b"GET /x\x7f HTTP/1.1",
        "8-bit in target": b"GET /x\xe4 HTTP/1.1",
        "BEL in target": b"GET /x\x07 HTTP/1.1",
        "CR in line": b"GET /x\r HTTP/1.1",
        "CONNECT": b"CONNECT a:80 HTTP/1.1",
        "CONNECT with a path": b"CONNECT /x HTTP/1.1",
        "PRI": b"PRI * HTTP/2.0",
        "asterisk": b"OPTIONS * HTTP/1.1",
        "asterisk on GET": b"GET * HTTP/1.1",
        "authority form": b"GET a:80 HTTP/1.1",
        "no slash": b"GET x HTTP/1.1",
        "2 MB target": b"GET /" + b"a" * 200_000 + b" HTTP/1.1",
        "9 KB target": b"GET /" + b"a" * 9_000 + b" HTTP/1.1",
    }.items():
        yield f"line {name}", line + b"\r\n" + H + b"\r\n"
    yield "bare LF everywhere", b"GET /x HTTP/1.1\nHost: a\n\n"
    yield "bare LF after the line", b"GET /x HTTP/1.1\nHost: a\r\n\r\n"
    yield "bare LF at the end", b"GET /x HTTP/1.1\r\nHost: a\r\n\n" + SMUGGLED
    yield "bare CR as line end", b"GET /x HTTP/1.1\rHost: a\r\r"
    yield "leading LF", b"\n" + get()
    yield "leading CR", b"\r" + get()
    yield "two leading CRLF", b"\r\n\r\n" + get()
    yield "1,000 leading CRLF", b"\r\n" * 1000 + get()
    yield "TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100)
    yield "h2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9)
    yield "NULs", bytes(64)
    yield "PROXY protocol", b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" + get()


def _targets():
    for target in (
        b"//x",
        b"/a//x",
        b"/./x",
        b"/../x",
        b"/a/../x",
        b"/a/./x",
        b"/a/..",
        b"/a/.",
        b"/..",
        b"/.",
        b"/a/%2e%2e/x",
        b"/a/.%2e/x",
        b"/a/%2e/x",
        b"/%2e%2e/x",
        b"/a/..%2fx",
        b"/a%2fx",
        b"/a%2Fx",
        b"/a%5cx",
        b"/a\\x",
        b"/a\\..\\x",
        b"/a/..%5cx",
        b"/a/..;/x",
        b"/a;b=c",
        b"/x;jsessionid=1",
        b"/a/%3b",
        b"/a/%252e%252e/x",
        b"/a/%252f",
        b"/a/%25",
        b"/a/%00",
        b"/a%00.json",
        b"/a/%0d%0aX:%20a",
        b"/a/%0a",
        b"/a/%09",
        b"/a/%7f",
        b"/a/%c2%85",
        b"/a/%c0%af",
        b"/a/%c0%ae%c0%ae",
        b"/a/%e0%80%af",
        b"/a/%ff",
        b"/a/%ed%a0%80",
        b"/a/%",
        b"/a/%2",
        b"/a/%zz",
        b"/a/%u002f",
        b"/a/b#c",
        b"/x#frag",
        b"/x?a#b",
        b'/a/"b"',
        b"/a/<b>",
        b"/a/b|c",
        b"/a/b^c",
        b"/a/`b`",
        b"/a/{b}",
        b"/a/[b]",
        b"/x?a=%00",
        b"/x?a=%zz",
        b"/x?a=%2",
        b"/x?a=<b>",
        b'/x?a="b"',
        b"/x?a=b\\c",
        b"/x?\xe4",
        b"http://b/x",
        b"http://a@a/x",
        b"http://a:b@a/x",
        b"http:///x",
        b"http://a:80/x",
        b"ftp://a/x",
        b"http://a#/x",
        b"http://a\\x",
        b"file:///etc/passwd",
        b"?a=b",
        b"%2fx",
    ):
        yield f"target {target!r}", get(target=target)


def _chunks():
    tail = b"0\r\n\r\n"
    for name, raw in {
        "space before size": b" 5\r\nhello\r\n" + tail,
        "space after size": b"5 \r\nhello\r\n" + tail,
        "tab after size": b"5\t\r\nhello\r\n" + tail,
        "plus": b"+5\r\nhello\r\n" + tail,
        "minus": b"-5\r\nhello\r\n" + tail,
        "0x": b"0x5\r\nhello\r\n" + tail,
        "empty size": b"\r\nhello\r\n" + tail,
        "not hex": b"g\r\nhello\r\n" + tail,
        "overflow": b"10000000000000005\r\nhello\r\n" + tail,
        "100 leading zeros": b"0" * 100 + b"5\r\nhello\r\n" + tail,
        "bare LF after size": b"5\nhello\r\n" + tail,
        "bare CR after size": b"5\rhello\r\n" + tail,
        "LF in extension": b"5;a\nb\r\nhello\r\n" + tail,
        "CR in extension": b"5;a\rb\r\nhello\r\n" + tail,
        "NUL in extension": b"5;a\x00\r\nhello\r\n" + tail,
        "64 KB extension": b"5;" + b"a" * 65536 + b"\r\nhello\r\n" + tail,
        "no CRLF after data": b"5\r\nhello" + tail,
        "LF after data": b"5\r\nhello\n" + tail,
        "data too long": b"5\r\nhello!\r\n" + tail,
        "trailer content-length": b"0\r\nContent-Length: 5\r\n\r\n",
        "trailer transfer-encoding": b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "trailer authorization": b"0\r\nAuthorization: Bearer evil\r\n\r\n",
        "trailer host": b"0\r\nHost: b\r\n\r\n",
        "trailer underscore": b"0\r\nContent_Length: 5\r\n\r\n",
        "trailer without colon": b"0\r\nevil\r\n\r\n",
        "trailer with bare LF": b"0\r\nX: a\nY: b\r\n\r\n",
        "trailer of 64 KB": b"0\r\nX: " + b"a" * 65536 + b"\r\n\r\n",
        "trailer LF end": b"0\r\nX: a\r\n\n",
        "above the cap": b"fff\r\n" + b"a" * 4095 + b"\r\n" + tail,
        "all framing": b"1;" + b"a" * 900 + b"\r\nx\r\n",
    }.items():
        yield f"chunk {name}", chunks(raw * 60 + tail if name == "all framing" else raw)


def _options():
    for option in (
        b"Host",
        b"Authorization",
        b"Cookie",
        b"Content-Length",
        b"X-Forwarded-For",
        b"x_forwarded_for",
        b"X-Forwarded-Proto",
        b"X-Real-IP",
        b"Forwarded",
        b"yett-request-id",
        b"close, authorization",
    ):
        yield f"connection names {option!r}", get(b"Connection: " + option)
    yield "connection malformed", get(b"Connection: a b")
    yield "connection with equals", get(b'Connection: close="a"')
    yield "expect unknown", get(b"Expect: 200-ok")
    yield "expect more", get(b"Expect: 100-continue, 200-ok")
    yield "cut in the line", b"GET /x HT"
    yield "cut in the fields", b"GET /x HTTP/1.1\r\nHost: a\r\nX-"
    yield "cut before the end", b"GET /x HTTP/1.1\r\nHost: a\r\n\r"
    yield "cut in a body", post(b"Content-Length: 5", body=b"hel")
    yield "cut in a chunk", chunks(b"5\r\nhel")
    yield "cut before the last chunk", chunks(b"5\r\nhello\r\n")
    yield "cut before the trailer's end", chunks(b"0\r\n")


REFUSED = {
    name: raw
    for group in (_lengths, _codings, _fields, _hosts, _lines, _targets, _chunks, _options)
    for name, raw in group()
}

X = b"GET /x HTTP/1.1"
P = b"POST /x HTTP/1.1"

# What may be forwarded: the request lines that the upstream sees, and the bodies behind them.
FORWARDED: dict[str, tuple[bytes, list[bytes], list[bytes]]] = {
    "plain": (get(), [X], [b""]),
    "one leading CRLF": (b"\r\n" + get(), [X], [b""]),
    "HTTP/1.0": (get(version=b"HTTP/1.0"), [X], [b""]),
    "HTTP/1.0 keep-alive": (
        get(b"Connection: keep-alive", version=b"HTTP/1.0") + get(version=b"HTTP/1.0"),
        [X, X],
        [b"", b""],
    ),
    "pipeline of three": (get() * 3, [X] * 3, [b""] * 3),
    "pipeline with bodies": (
        post(b"Content-Length: 5", body=b"hello") + get() + chunks(b"2\r\nhi\r\n0\r\n\r\n"),
        [P, X, P],
        [b"hello", b"", b"hi"],
    ),
    "body that looks like a request": (
        post(b"Content-Length: %d" % len(SMUGGLED), body=SMUGGLED),
        [P],
        [SMUGGLED],
    ),
    "upgrade h2c with a body": (
        post(
            b"Connection: Upgrade, HTTP2-Settings",
            b"Upgrade: h2c",
            b"HTTP2-Settings: AAMAAABkAAQAAP__",
            b"Content-Length: %d" % len(SMUGGLED),
            body=SMUGGLED,
        ),
        [P],
        [SMUGGLED],
    ),
    "upgrade websocket with a body": (
        post(
            b"Connection: Upgrade",
            b"Upgrade: websocket",
            b"Content-Length: %d" % len(SMUGGLED),
            body=SMUGGLED,
        ),
        [P],
        [SMUGGLED],
    ),
    "upgrade with chunks": (
        chunks(b"5\r\nhello\r\n0\r\n\r\n", b"Connection: upgrade", b"Upgrade: h2c"),
        [P],
        [b"hello"],
    ),
    "close, then more": (get(b"Connection: close") + SMUGGLED, [X], [b""]),
    "chunk extension": (chunks(b"5;a=b\r\nhello\r\n0;c\r\n\r\n"), [P], [b"hello"]),
    "chunk leading zeros": (chunks(b"005\r\nhello\r\n000\r\n\r\n"), [P], [b"hello"]),
    "chunk upper-case hex": (chunks(b"A\r\n0123456789\r\n0\r\n\r\n"), [P], [b"0123456789"]),
    "trailer dropped": (chunks(b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"), [P], [b"hello"]),
    "one-byte chunks": (chunks(b"1\r\na\r\n" * 100 + b"0\r\n\r\n"), [P], [b"a" * 100]),
    "mixed case coding": (
        post(b"tRANSFER-eNCODING: Chunked", body=b"1\r\na\r\n0\r\n\r\n"),
        [P],
        [b"a"],
    ),
    "content-length leading zeros": (post(b"Content-Length: 005", body=b"hello"), [P], [b"hello"]),
    "content-length blanks": (post(b"Content-Length: \t5 \t", body=b"hello"), [P], [b"hello"]),
    "absolute form of this host": (get(target=b"http://A/x"), [X], [b""]),
    "absolute form without path": (get(target=b"http://a"), [b"GET / HTTP/1.1"], [b""]),
    "needless escape": (get(target=b"/%78"), [X], [b""]),
    "escape in small letters": (
        get(target=b"/a/%c3%a9"),
        [b"GET /a/%C3%A9 HTTP/1.1"],
        [b""],
    ),
    "space in a segment": (get(target=b"/a/b%20c"), [b"GET /a/b%20c HTTP/1.1"], [b""]),
    "dots in a name": (get(target=b"/a/..b"), [b"GET /a/..b HTTP/1.1"], [b""]),
    "hidden file name": (get(target=b"/a/.b"), [b"GET /a/.b HTTP/1.1"], [b""]),
    "trailing slash": (get(target=b"/a/b/"), [b"GET /a/b/ HTTP/1.1"], [b""]),
    "empty value": (get(b"X:"), [X], [b""]),
    "obs-text value": (get(b"X: \xe4"), [X], [b""]),
    "host with port": (get(host=b"Host: A.example:8080\r\n"), [X], [b""]),
    "IPv6 host": (get(host=b"Host: [::1]:80\r\n"), [X], [b""]),
}
