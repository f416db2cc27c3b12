import json
import tomllib
from pathlib import Path

import jsonschema_rs
import pytest

from yett.contract.config import Config
from yett.contract.schema import config_schema

PRINTED = Path("docs/reference/yett.schema.json")


def test_the_printed_schema_is_current():
    """What `yett check --schema` prints is what editors get."""
    assert PRINTED.read_text(encoding="utf-8") == json.dumps(config_schema(), indent=2) + "\n"


def test_every_table_is_described_and_closed():
    """Editors show each setting's meaning and refuse unknown ones."""
    for name, definition in config_schema()["$defs"].items():
        if "properties" in definition:
            assert definition["additionalProperties"] is False, name
    gateway = config_schema()["$defs"]["GatewayConfig"]["properties"]
    assert all("description" in setting for setting in gateway.values())


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ('[api.a]\nopenapi = "x"\nupstream = "http://h"', True),
        ('[api.a]\nopenapi = "x"\nupstream = "http://h"\n[rules]\ninjection = "off"', True),
        ('[api.a]\nopenapi = "x"\nupstream = "http://h"\n[rules]\ninjektion = "off"', False),
        ('[api.a]\nopenapi = "x"\nupstream = "http://h"\nfoo = 1', False),
        ("[api.a]\n", False),
        ("", False),
    ],
)
def test_the_schema_judges_as_the_reader_does(text, good):
    """An editor that uses it and yett agree on types and names."""
    validator = jsonschema_rs.validator_for(config_schema())
    assert validator.is_valid(tomllib.loads(text)) is good
    assert Config.__name__ in config_schema()["$defs"]
