"""All endpoints of the issuer, one line for each file that has some."""

from __future__ import annotations

from yett.issuer import (
    authorize,
    consent,
    device,
    introspect,
    jwks,
    logout,
    metadata,
    par,
    revoke,
    token,
    userinfo,
)
from yett.issuer.http import Route
from yett.issuer.pages import assets

ROUTES: tuple[Route, ...] = (
    *assets.ROUTES,
    *authorize.ROUTES,
    *consent.ROUTES,
    *device.ROUTES,
    *introspect.ROUTES,
    *jwks.ROUTES,
    *logout.ROUTES,
    *metadata.ROUTES,
    *par.ROUTES,
    *revoke.ROUTES,
    *token.ROUTES,
    *userinfo.ROUTES,
)
