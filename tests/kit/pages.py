"""A page of the issuer as a person and a script see it: its forms, options, links and text."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from html.parser import HTMLParser

from kit.authenticator import Authenticator, client_data


class Page(HTMLParser):
    """`forms` by action; each has its `fields` and attributes."""

    def __init__(self, answer, base="/auth"):
        super().__init__()
        self.base, self.forms, self.links, self.text = base, [], [], ""
        self.feed(answer.body.decode())

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "form":
            self.forms.append({"fields": {}, **attributes})
        elif tag == "input" and self.forms:
            self.forms[-1]["fields"][attributes["name"]] = attributes.get("value") or ""
        elif tag == "a":
            self.links.append(attributes["href"])

    def handle_data(self, data):
        self.text += data

    def all(self, path):
        return [one for one in self.forms if one["action"] == self.base + path]

    def form(self, path):
        (found,) = self.all(path)
        return found

    def fields(self, path, **more):
        return {name: value for name, value in (self.form(path)["fields"] | more).items() if value}


def options_of(form):
    """What the script gives to the browser, and the challenge as bytes."""
    options = json.loads(form["data-options"])
    challenge = options["challenge"]
    return options, urlsafe_b64decode(challenge + "=" * (-len(challenge) % 4))


def make_with(authenticator: Authenticator, form, **said):
    """Fill a form in which a passkey is made."""
    _, challenge = options_of(form)
    return authenticator.make(client_data(challenge, kind="webauthn.create", **said))


def sign_with(authenticator: Authenticator, form, said=None, **parts):
    """Fill a form in which a passkey is shown."""
    _, challenge = options_of(form)
    return authenticator.sign(client_data(challenge, **(said or {})), **parts)
