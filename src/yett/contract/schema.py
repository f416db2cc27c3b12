"""The JSON Schema of `yett.toml`, for editors; generated from `contract.config`.

`docs/reference/yett.schema.json` is its printed form; a test keeps the two equal.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from yett.contract import config

URI = "https://yett.dev/schema/yett.schema.json"
_ARGUMENT = re.compile(r"^([a-z_, ]+): (.+)$")


def config_schema() -> dict[str, Any]:
    """Return the schema, JSON Schema 2020-12."""
    schema = msgspec.json.schema(config.Config, ref_template="#/$defs/{name}")
    for name, definition in schema["$defs"].items():
        described = getattr(config, name, None)
        if described is not None and described.__doc__ and "properties" in definition:
            _describe(definition, described.__doc__)
    rules = schema["$defs"]["Config"]["properties"]["rules"]
    rules["propertyNames"] = {"enum": list(config.RULES)}
    algorithms = schema["$defs"]["IssuerConfig"]["properties"]["algorithms"]
    algorithms["items"] = {"enum": list(config.ALGORITHMS)}
    algorithms["minItems"] = 1
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": URI}
    return {**head, "title": "yett.toml", **schema}


def _describe(definition: dict[str, Any], docstring: str) -> None:
    """Move the `Args:` of a docstring to the properties they describe."""
    summary, _, arguments = docstring.partition("Args:")
    definition["description"] = " ".join(summary.split())
    for names, text in _arguments(arguments):
        for name in names:
            if name in definition["properties"]:
                definition["properties"][name]["description"] = text


def _arguments(text: str) -> list[tuple[list[str], str]]:
    found: list[tuple[list[str], str]] = []
    for line in text.splitlines():
        match = _ARGUMENT.match(line.strip())
        deeper = len(line) - len(line.lstrip()) > 8
        if match is not None and not deeper:
            found.append(([name.strip() for name in match[1].split(",")], match[2]))
        elif found and line.strip():
            names, before = found[-1]
            found[-1] = (names, f"{before} {line.strip()}")
    return found
