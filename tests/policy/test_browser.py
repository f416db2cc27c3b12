"""CORS compiled to ready bytes."""

from __future__ import annotations

from yett.contract.config import CorsConfig
from yett.policy.browser import Browser


def test_each_origin_has_its_own_answer():
    """The origin is written from the configuration, never echoed from a request."""
    browser = Browser.from_config(
        CorsConfig(origins=("https://a.test", "https://b.test:8443"), expose=("x-total",))
    )
    assert set(browser.origins) == {b"https://a.test", b"https://b.test:8443"}
    answer = browser.origins[b"https://b.test:8443"]
    assert answer.startswith(b"access-control-allow-origin: https://b.test:8443\r\nvary: Origin")
    assert b"access-control-expose-headers: x-total\r\n" in answer
    assert b"credentials" not in answer


def test_no_origin_means_no_cors():
    """Without `[cors]` nothing is opened and nothing varies."""
    browser = Browser.from_config(CorsConfig())
    assert browser.origins == {}
    assert browser.vary == b""
