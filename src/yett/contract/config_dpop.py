"""What the settings of proofs of possession must mean, `[identity.dpop]`; part of `config_checks`.

A setting by which no proof could ever be good, or by which browsers could not send or repeat one,
is said before a client finds out.
"""

from __future__ import annotations

import re

from yett.contract.config import Config
from yett.contract.config_identity import check_algorithms
from yett.contract.places import Source
from yett.contract.report import Report, quote
from yett.contract.rules import CONFIG_HAZARD, CONFIG_VALUE

SENT, TOLD = "DPoP", "DPoP-Nonce"
_HOST = re.compile(r"(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?")


def check_dpop(config: Config, source: Source, report: Report) -> None:
    """Check what proofs may be signed with, and what browsers need for them."""
    dpop, at = config.identity.dpop, source.within(("identity", "dpop"))
    if not dpop.algorithms:
        hint = 'leave it out, or name one: algorithms = ["ES256"]'
        report.add(CONFIG_VALUE, "`algorithms` of proofs is empty", at.at("algorithms"), hint=hint)
    else:
        check_algorithms(dpop.algorithms, at.at("algorithms"), report)
    for index, host in enumerate(dpop.hosts):
        if _HOST.fullmatch(host) is None:
            message = f"{quote(host)} is not a host that a client could ask"
            hint = 'write it as in `Host`, lower-case: "api.example.com" or "api.example.com:8443"'
            report.add(CONFIG_VALUE, message, at.at("hosts", str(index)), hint=hint)
    sent = {name.lower() for name in config.cors.headers}
    told = {name.lower() for name in config.cors.expose}
    # Who lets pages send proofs from another origin must let them read the nonce that they need.
    if dpop.nonce and config.cors.origins and SENT.lower() in sent and TOLD.lower() not in told:
        message = f"pages may send {quote(SENT)} and cannot read {quote(TOLD)}"
        place = source.within(("cors", "expose"))
        hint = f'write expose = ["{TOLD}", "WWW-Authenticate"] in [cors]'
        report.add(CONFIG_HAZARD, message, place, hint=hint)
