"""A browser without a screen at the issuer's pages, over HTTP: cookies, forms and one passkey.

It does what a person does who agrees to everything, until the browser is sent somewhere else.
"""

from __future__ import annotations

import ssl
from base64 import urlsafe_b64decode
from types import SimpleNamespace
from urllib.parse import urljoin

import httpx
from kit.authenticator import Authenticator
from kit.pages import Page, make_with, options_of, sign_with

MAX_STEPS = 12


class WebBrowser:
    """A person's browser.

    Args:
        url: the issuer.
        ca: a file with the authority of its certificate.
    """

    def __init__(self, url: str, ca: str) -> None:
        self.url = url
        self.origin = url.removesuffix("/auth")
        self.web = httpx.Client(verify=ssl.create_default_context(cafile=ca), timeout=30)
        self.passkey = Authenticator(rp_id="localhost")
        self.pages: list[str] = []

    def close(self) -> None:
        self.web.close()

    def enrol(self, secret: str) -> None:
        """Take an invitation, and make the passkey."""
        page = self._page(self._send("/enrol", {"ticket": secret}))
        form = page.form("/enrol/passkey")
        handle = options_of(form)[0]["user"]["id"]
        self.passkey.user = urlsafe_b64decode(handle + "=" * (-len(handle) % 4)).decode()
        made = make_with(self.passkey, form, origin=self.origin)
        answer = self._send("/enrol/passkey", page.fields("/enrol/passkey", credential=made))
        assert answer.status_code == 303, answer.text

    def agree(self, url: str) -> str:
        """Open a URL of the issuer and agree; answers where the browser is sent in the end."""
        answer = self.web.get(url)
        for _ in range(MAX_STEPS):
            if answer.status_code == 303:
                onward = urljoin(url, answer.headers["location"])
                if not onward.startswith(self.url):
                    return onward
                answer = self.web.get(onward)
                continue
            answer = self._answer(answer)
            if answer is None:
                return ""
        raise AssertionError(f"it leads nowhere: {answer.text}")

    def _answer(self, answer: httpx.Response) -> httpx.Response | None:
        """Fill in the form of a page; None where it has none."""
        assert answer.status_code == 200, (answer.status_code, answer.text)
        page = self._page(answer)
        actions = [form["action"].removeprefix(page.base) for form in page.forms]
        if "/sign-in/passkey" in actions:
            form = page.form("/sign-in/passkey")
            shown = sign_with(self.passkey, form, {"origin": self.origin})
            return self._send("/sign-in/passkey", page.fields("/sign-in/passkey", credential=shown))
        for path, more in (
            ("/consent", {"answer": "allow"}),
            ("/device", {}),
            ("/end_session/confirm", {}),
        ):
            if path in actions:
                return self._send(path, page.fields(path, **more))
        return None

    def _page(self, answer: httpx.Response) -> Page:
        assert answer.headers["content-type"].startswith("text/html"), answer.text
        page = Page(SimpleNamespace(body=answer.content))
        self.pages.append(page.text)
        return page

    def _send(self, path: str, form: dict[str, str]) -> httpx.Response:
        headers = {"origin": self.origin, "sec-fetch-site": "same-origin"}
        return self.web.post(self.url + path, data=form, headers=headers)
