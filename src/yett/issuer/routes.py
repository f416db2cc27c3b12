"""All endpoints of the issuer, one line for each file that has some."""

from __future__ import annotations

from yett.issuer import (
    authorize,
    consent,
    device,
    enrol,
    enrol_password,
    introspect,
    jwks,
    logout,
    metadata,
    par,
    renewal,
    revoke,
    token,
    userinfo,
)
from yett.issuer.account import applications as account_applications
from yett.issuer.account import links as account_links
from yett.issuer.account import page as account_page
from yett.issuer.account import passkeys as account_passkeys
from yett.issuer.account import password as account_password
from yett.issuer.account import recovery as account_recovery
from yett.issuer.account import second_factor as account_second_factor
from yett.issuer.account import sessions as account_sessions
from yett.issuer.approvals import page as approvals_page
from yett.issuer.http import Route
from yett.issuer.pages import assets
from yett.issuer.scim import endpoints as scim
from yett.issuer.sign_in import page as sign_in_page
from yett.issuer.sign_in import passkey as sign_in_passkey
from yett.issuer.sign_in import password as sign_in_password
from yett.issuer.sign_in import provider as sign_in_provider
from yett.issuer.sign_in import recovery as sign_in_recovery
from yett.issuer.ssf import polling as ssf_polling
from yett.issuer.ssf import receive as ssf_receive
from yett.issuer.ssf import streams as ssf_streams

ROUTES: tuple[Route, ...] = (
    *account_links.ROUTES,
    *account_page.ROUTES,
    *account_password.ROUTES,
    *account_passkeys.ROUTES,
    *account_recovery.ROUTES,
    *account_second_factor.ROUTES,
    *account_sessions.ROUTES,
    *account_applications.ROUTES,
    *approvals_page.ROUTES,
    *assets.ROUTES,
    *authorize.ROUTES,
    *consent.ROUTES,
    *device.ROUTES,
    *enrol.ROUTES,
    *enrol_password.ROUTES,
    *introspect.ROUTES,
    *jwks.ROUTES,
    *logout.ROUTES,
    *metadata.ROUTES,
    *par.ROUTES,
    *renewal.ROUTES,
    *revoke.ROUTES,
    *sign_in_page.ROUTES,
    *sign_in_passkey.ROUTES,
    *sign_in_password.ROUTES,
    *sign_in_provider.ROUTES,
    *sign_in_recovery.ROUTES,
    *scim.ROUTES,
    *ssf_polling.ROUTES,
    *ssf_receive.ROUTES,
    *ssf_streams.ROUTES,
    *token.ROUTES,
    *userinfo.ROUTES,
)
