"""A small good contract, in pieces that a test can bend."""

from __future__ import annotations

import copy
import gzip
import json
import os
from pathlib import Path

import pytest

from yett.contract.config import ApiConfig
from yett.contract.json_lines import JsonLines
from yett.contract.load import load
from yett.contract.openapi import read_openapi
from yett.contract.places import Source
from yett.contract.refs import Reader
from yett.contract.report import Report, findings

GOOD = {
    "openapi": "3.1.0",
    "info": {"title": "bookings", "version": "1"},
    "servers": [
        {"url": "https://api.example.com/{version}", "variables": {"version": {"default": "v1"}}}
    ],
    "security": [{"bearer": ["bookings:read"]}],
    "paths": {
        "/bookings/{id}": {
            "parameters": [
                {
                    "name": "id",
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string", "maxLength": 36},
                }
            ],
            "get": {
                "operationId": "getBooking",
                "tags": ["bookings"],
                "x-yett": {
                    "limit": ["10/min per principal"],
                    "cost": 5,
                    "sensitive": {"acr": "phr"},
                },
                "parameters": [{"$ref": "#/components/parameters/filter"}],
                "responses": {
                    "200": {
                        "description": "",
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Booking"}}
                        },
                    },
                    "default": {"$ref": "#/components/responses/problem"},
                },
            },
            "put": {
                "operationId": "putBooking",
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Booking"}}
                    },
                },
                "responses": {},
            },
        },
        "/health": {"get": {"operationId": "health", "security": [], "responses": {}}},
    },
    "components": {
        "schemas": {
            "Booking": {
                "type": "object",
                "required": ["guests"],
                "properties": {
                    "guests": {"type": "integer", "minimum": 1, "maximum": 9},
                    "note": {"type": "string", "maxLength": 200, "x-yett-class": "pii"},
                    "parent": {"$ref": "#/components/schemas/Booking"},
                },
            }
        },
        "parameters": {
            "filter": {
                "name": "filter",
                "in": "query",
                "style": "deepObject",
                "explode": True,
                "schema": {"type": "object", "properties": {}},
            }
        },
        "responses": {"problem": {"description": "", "headers": {"Retry-After": {}}}},
        "securitySchemes": {"bearer": {"type": "http", "scheme": "Bearer"}},
    },
}
CONFIG = '[api.shop]\nopenapi = "openapi.json"\nupstream = "http://127.0.0.1:8000"\n'


@pytest.fixture
def good():
    return copy.deepcopy(GOOD)


class Reading:
    """A document under reading, as `load` sets it up."""

    def __init__(self, document):
        self.text = json.dumps(document, indent=1).encode()
        self.report = Report()
        self.document = json.loads(self.text)
        self.source = Source("openapi.json", locator=JsonLines("openapi.json", lambda: self.text))

    def reader(self, version="3.1"):
        return Reader(self.document, self.source, self.report, version)

    def api(self, path=None):
        config = ApiConfig(upstream="http://127.0.0.1:8000", openapi="openapi.json", path=path)
        return read_openapi(self.document, self.source, "shop", config, self.report)

    @property
    def findings(self):
        return findings(self.report.remarks)

    def found(self, rule):
        """The findings of a rule, each as `line: message`."""
        return [f"{f.line}: {f.message}" for f in self.findings if f.rule == rule]

    def line(self, text):
        """The 1-based line on which a text first stands."""
        return self.text[: self.text.index(text.encode())].count(b"\n") + 1


@pytest.fixture
def read():
    return Reading


@pytest.fixture
def folder(tmp_path):
    """Write a contract folder: `folder(document, config=..., **files)`."""

    def write(document=GOOD, config=CONFIG, name="openapi.json", **files):
        text = document if isinstance(document, (str, bytes)) else json.dumps(document, indent=1)
        (tmp_path / name).write_bytes(text.encode() if isinstance(text, str) else text)
        (tmp_path / "yett.toml").write_text(config)
        for file, content in files.items():
            (tmp_path / file.replace("__", ".")).write_text(content)
        return tmp_path

    return write


@pytest.fixture
def contract(folder):
    """Load a contract from a document."""

    def make(document=GOOD, config=CONFIG, **files):
        return load(folder(document, config, **files))

    return make


CORPORA = Path(os.environ.get("YETT_CORPORA", "../shared/corpora"))


@pytest.fixture
def corpus(tmp_path):
    """A folder with one of the real descriptions."""

    def unpack(name):
        packed = CORPORA / "openapi" / f"{name}.json.gz"
        if not packed.exists():
            pytest.skip(f"no corpus at {packed}: set YETT_CORPORA")
        (tmp_path / "openapi.json").write_bytes(gzip.decompress(packed.read_bytes()))
        (tmp_path / "yett.toml").write_text(CONFIG)
        return tmp_path

    return unpack
