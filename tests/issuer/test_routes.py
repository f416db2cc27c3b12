"""Every endpoint is listed, once."""

import importlib
import pkgutil

import yett.issuer
from yett.issuer.routes import ROUTES


def test_every_file_with_routes_is_listed():
    """An endpoint that nobody serves is a control that is not there."""
    found = {
        route
        for module in pkgutil.walk_packages(yett.issuer.__path__, "yett.issuer.")
        for route in getattr(importlib.import_module(module.name), "ROUTES", ())
    }
    assert found == set(ROUTES)


def test_no_two_answer_the_same():
    """Method and path name one endpoint."""
    places = [(route.method, route.path) for route in ROUTES]
    assert len(set(places)) == len(places)


def test_whatever_a_browser_may_post_is_guarded():
    """A POST is called by pages elsewhere on purpose (CORS), or refuses forms of other sites.

    The others carry a credential that no browser adds by itself.
    """
    unguarded = {
        route.path
        for route in ROUTES
        if route.method == "POST" and not route.cross and not route.form
    }
    # RFC 9126 and OpenID Connect let these be posted by pages elsewhere: they only begin something.
    begun = ("/authorize", "/end_session", "/device_authorization")
    credentialed = ("/scim/", "/ssf/", "/introspect", *begun)
    assert all(path.startswith(credentialed) for path in unguarded), unguarded
