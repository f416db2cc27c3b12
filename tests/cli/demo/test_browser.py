from __future__ import annotations

from yett.cli.demo.browser import Browser, Page

PAGE = b"HTTP/1.1 200 OK\r\nSet-Cookie: b=2; Path=/\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b"
FORM = (
    b'<form action="/auth/x" data-options="{&quot;a&quot;:1}"><input name="t" value="v&amp;w">'
    b"<input type=submit></form>"
)


def moved(place):
    return (
        b"HTTP/1.1 303 See Other\r\nLocation: %b\r\nSet-Cookie: a=1; HttpOnly\r\n"
        b"Content-Length: 0\r\nConnection: close\r\n\r\n" % place
    )


def test_it_keeps_cookies_follows_redirects_and_reads_forms(server):
    """What a person's browser does on the way to a page, and what stands on it."""
    port, heard, _ = server(moved(b"/next"), PAGE % (len(FORM), FORM))
    browser = Browser(port)
    page = browser.visit("/first")
    assert browser.cookies == {"a": "1", "b": "2"}
    assert b"cookie: a=1" in heard[1].lower()
    assert heard[1].startswith(b"GET /next ")
    form = page.form("/x")
    assert (form.tag["data-options"], form.fields) == ('{"a":1}', {"t": "v&w"})
    assert page.form("/y") is None
    assert browser.sent == 2


def test_a_form_is_sent_as_our_own_page_sends_it(server):
    """With `Origin` and Fetch Metadata; a redirect elsewhere is where the visit ends, unasked."""
    port, heard, _ = server(PAGE % (len(FORM), FORM), moved(b"https://app.example/cb?code=c1"))
    browser = Browser(port)
    end = browser.send(browser.visit("/first").form("/x"), more="1")
    assert (end.url, end.status, end.query) == ("https://app.example/cb?code=c1", 0, {"code": "c1"})
    assert b"sec-fetch-site: same-origin" in heard[1]
    assert b"origin: http://localhost:" in heard[1]
    assert browser.sent == 2


def test_a_loop_of_redirects_ends(server):
    """A site that leads round and round is left."""
    port, _, _ = server(*[moved(b"/again")] * 10)
    assert Browser(port).visit("/again") == Page("/again")
