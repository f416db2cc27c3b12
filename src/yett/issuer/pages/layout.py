"""The one layout, and the fields that every page carries.

The policy (CSP Level 3) names the script and the style sheet by their exact addresses: the API
shares this host, so `'self'` would let any of its answers be run as a script. Forms go here alone,
or on to the client that waits for the sign-in, because browsers hold redirects after a form to the
same rule. `same-origin` as the referrer policy tells other sites nothing, and keeps `Origin` on our
own forms, which `no-referrer` turns into `null`.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from yett.issuer.http import NO_STORE, Answer
from yett.issuer.pages.assets import SCRIPT, STYLE, StaticFile
from yett.issuer.pages.html import Html, el
from yett.issuer.server import Server

DOCTYPE = "<!doctype html>\n"
PERMISSIONS = (
    "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), "
    "microphone=(), geolocation=(), usb=(), payment=()"
)


def show(
    server: Server,
    title: str,
    *parts: str,
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (),
    forms_to: tuple[str, ...] = (),
    script: bool = False,
    module: StaticFile | None = None,
    asks: tuple[str, ...] = (),
) -> Answer:
    """Answer with a page.

    Args:
        server: whose pages they are.
        title: heading and title.
        parts: what stands below the heading.
        status: HTTP status.
        headers: further fields, such as `set-cookie`.
        forms_to: URLs, beside our own, to which a form of this page may lead: the redirect URI.
        script: whether the page needs the script, for a passkey.
        module: another script that it needs instead.
        asks: URLs that the script may ask; one that ends in `/` stands for all below it.
    """
    loaded = SCRIPT if script else module
    body = DOCTYPE + _document(server, title, parts, loaded)
    fields = (
        ("content-type", "text/html; charset=utf-8"),
        NO_STORE,
        ("content-security-policy", policy(server, forms_to, loaded or SCRIPT, asks)),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", PERMISSIONS),
    )
    return Answer(status=status, headers=(*fields, *headers), body=body.encode())


def policy(
    server: Server,
    forms_to: tuple[str, ...] = (),
    script: StaticFile = SCRIPT,
    asks: tuple[str, ...] = (),
) -> str:
    """Write the content security policy of a page."""
    forms = " ".join([server.at("/"), *dict.fromkeys(map(_source, filter(None, forms_to)))])
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {server.at(script.path)}",
            f"style-src {server.at(STYLE.path)}",
            *([f"connect-src {' '.join(asks)}"] if asks else []),
            f"form-action {forms}",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _source(url: str) -> str:
    """Return the part of a URL that a policy can name: its origin, or a private scheme."""
    parts = urlsplit(url)
    if parts.scheme in ("http", "https"):
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{host}{port}"
    return f"{parts.scheme}:"


def _document(
    server: Server, title: str, parts: tuple[str, ...], script: StaticFile | None
) -> Html:
    head = [
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="robots", content="noindex"),
        el("title", f"{title} - {server.rp_id}"),
        el(
            "link",
            rel="stylesheet",
            href=server.base + STYLE.path,
            integrity=STYLE.integrity,
        ),
    ]
    if script is not None:
        head.append(
            el(
                "script",
                src=server.base + script.path,
                integrity=script.integrity,
                type="module",
            )
        )
    main = el("main", el("h1", title), *parts)
    return el("html", el("head", *head), el("body", el("header", server.rp_id), main), lang="en")
