"""All endpoints of the issuer, one line for each file that has some."""

from __future__ import annotations

from yett.issuer import authorize, consent, device, jwks, par, token
from yett.issuer.http import Route
from yett.issuer.pages import assets

ROUTES: tuple[Route, ...] = (
    *assets.ROUTES,
    *authorize.ROUTES,
    *consent.ROUTES,
    *device.ROUTES,
    *jwks.ROUTES,
    *par.ROUTES,
    *token.ROUTES,
)
