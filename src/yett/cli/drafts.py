"""The files `yett init` writes, as text: settings with their reasons, an overlay to decide in."""

from __future__ import annotations

import json

from yett.cli.scope_drafts import vocabulary_draft

MAX_DRAFTED = 2000

_SETTINGS = """\
# The contract of yett. Every key is described in docs/reference/config.md; an unknown key is an
# error. Paths are meant from this folder.

[api.{name}]
openapi  = {openapi}       # the team's own description, untouched
overlay  = "overlay.yaml"  # what yett needs to know beyond it
upstream = {upstream}      # the service behind the gate
# path   = "/v2"           # the prefix, where `servers` in the description does not say it
# unknown_fields = "enforce"   # off | observe | enforce
# unknown_query  = "enforce"

[gateway]
listen  = "127.0.0.1:8080" # 0.0.0.0 opens it to the network; then set `tls` too
mode    = "enforce"        # observe: say what would be refused, and let it through
workers = 0                # 0: one process per core
# tls   = {{cert = "tls/cert.pem", key = "tls/key.pem"}}
# trusted_proxies = ["10.0.0.0/8"]   # whose X-Forwarded-For counts

# Who vouches for callers. No default: without an issuer no token is accepted.
{builtin}
# Or bring your own.
# [[identity.issuer]]
# url        = "https://login.example.com"
# audience   = "https://api.example.com"
# algorithms = ["ES256"]

# API keys, made by `yett key issue`.
# [identity]
# keys = "keys.json"

# Scopes exist once; with this table, a scope that is not in it is an error.
# [vocabulary.scopes]
# "bookings:read" = "see own bookings"

[limits]
default  = ["600/min per principal", "6000/min per ip"]
failures = "60/min per ip"     # refused requests of one source before it is slowed down

[store]
ledger = "var/ledger"          # the record of every decision

# [cors]
# origins = ["https://app.example.com"]   # exact; `*` is not taken
"""

# Also what `--issuer` switches on. A host name, because browsers make no passkeys for addresses.
_BUILTIN = """\
[identity.builtin]
url      = "http://localhost:8080/auth"   # the gate serves it there; https in production
audience = "http://localhost:8080"        # the API, as tokens name it
"""
_BUILTIN_SAYS = """\
# No identity provider? yett is one: people with passkeys, services with OAuth 2.1.
# `yett user add ada --role admin` makes the first person; docs/tutorial/sign-in.md goes on.
"""

_OVERLAY = """\
overlay: 1.0.0
info:
  title: What yett needs to know about {openapi}
  version: 1.0.0
# Each action adds `x-yett` to operations. Targets are JSONPath (RFC 9535), for example:
#   - target: $.paths['/bookings'].post
#     update:
#       x-yett: {{limit: 10/min per principal, cost: 5}}
"""

_OPEN = """\
# Some operations do not say who may call them, and are refused until they do. Take away the `#`
# before what is true, and the `[]` behind `actions:`.
actions: []
# To call an operation one of these is needed, where it does not say otherwise:
#  - target: $
#    update:
"""
_SCHEMES = """\
#      components:
#        securitySchemes:
#          token: {type: http, scheme: bearer}   # and an issuer in yett.toml
#          key: {type: apiKey, in: header, name: X-API-Key}   # and [identity] in yett.toml
"""
_PUBLIC = "# Anybody may call:"


def settings_draft(
    name: str,
    openapi: str,
    upstream: str,
    *,
    issuer: bool = False,
    scopes: dict[str, str] | None = None,
) -> str:
    """Write `yett.toml`; values are quoted as TOML basic strings, which JSON's are.

    Args:
        name: what the api is called.
        openapi: name of the description.
        upstream: URL of the service.
        issuer: whether yett's own issuer is on, or in comments.
        scopes: those that the description asks for, with their meaning; administrators have them.
    """
    own = f"{_BUILTIN}\n{vocabulary_draft(scopes if issuer and scopes else {})}"
    return _SETTINGS.format(
        name=_key(name),
        openapi=json.dumps(openapi),
        upstream=json.dumps(upstream),
        builtin=_BUILTIN_SAYS + (own if issuer else _commented(own)),
    )


def overlay_draft(
    openapi: str, open_: tuple[tuple[str, str], ...], schemes: tuple[str, ...] = ()
) -> str:
    """Write the overlay, with drafts in comments for what is open.

    Args:
        openapi: name of the description.
        open_: (path, method) of what does not say who may call it.
        schemes: names of the security schemes that the description declares; without any, two
            are drafted.
    """
    text = _OVERLAY.format(openapi=openapi)
    if not open_:
        return text + "actions: []\n"
    ways = ", ".join(f"{{{json.dumps(name)}: []}}" for name in schemes or ("token", "key"))
    lines = [text, _OPEN + ("" if schemes else _SCHEMES) + f"#      security: [{ways}]", _PUBLIC]
    for path, method in open_[:MAX_DRAFTED]:
        lines.append(f"#  - target: {target(path, method)}")
        lines.append("#    update: {x-yett: {public: true}}")
    return "\n".join(lines) + "\n"


def target(path: str, method: str) -> str:
    """Write the JSONPath of an operation as a YAML string."""
    quoted = path.replace("\\", "\\\\").replace("'", "\\'")
    return json.dumps(f"$.paths['{quoted}'].{method}", ensure_ascii=False)


def _commented(text: str) -> str:
    return "".join(f"# {line}".rstrip() + "\n" for line in text.splitlines())


def _key(name: str) -> str:
    plain = name.replace("-", "").replace("_", "")
    return name if plain.isascii() and plain.isalnum() else json.dumps(name)
