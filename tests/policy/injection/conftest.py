"""libinjection, loaded once for the folder, and the corpora."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from yett.policy.injection.detect import make_detector
from yett.policy.injection.library import load_library
from yett.policy.injection.rules import PROFILES


@pytest.fixture(scope="session")
def library():
    return load_library()


@pytest.fixture(scope="session")
def detectors(library):
    return {profile: make_detector(profile, library) for profile in PROFILES}


@pytest.fixture(scope="session")
def corpora():
    spec = importlib.util.spec_from_file_location(
        "injection_corpora", Path(__file__).with_name("corpora.py")
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.values
