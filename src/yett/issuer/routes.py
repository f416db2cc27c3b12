"""All endpoints of the issuer, one line for each file that has some."""

from __future__ import annotations

from yett.issuer import authorize, consent, par
from yett.issuer.http import Route

ROUTES: tuple[Route, ...] = (
    *authorize.ROUTES,
    *consent.ROUTES,
    *par.ROUTES,
)
