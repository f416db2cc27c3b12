"""OpenAPI 3.0, 3.1 and 3.2: a parsed document becomes an `Api`.

Pure: the document is a plain JSON value that the caller owns (schemas that cannot be read are
mended in place, see `schemas`). Nothing is fetched; Swagger 2.0 is refused with the way out.
"""

from __future__ import annotations

import re
from typing import Any

from yett.contract.config import ApiConfig
from yett.contract.model import Api
from yett.contract.operations import OperationReading
from yett.contract.places import Source
from yett.contract.refs import Reader
from yett.contract.report import Report, quote
from yett.contract.rules import OPENAPI_SHAPE, OPENAPI_VERSION
from yett.contract.schemas import mend_schemas
from yett.contract.servers import clean_base, read_base

_VERSION = re.compile(r"(3\.[012])\.[0-9]{1,3}(?:-[0-9A-Za-z.-]{1,40})?\Z")
_SWAGGER_HINT = "convert it: `npx swagger2openapi swagger.yaml -o openapi.yaml`"


def read_openapi(
    document: Any,
    source: Source,
    name: str,
    config: ApiConfig,
    report: Report,
    *,
    extended: bool = True,
    extensions: frozenset[str] | None = None,
) -> Api | None:
    """Read a document.

    Args:
        document: the parsed document after the Overlay, changed in place where schemas are mended.
        source: its root.
        name: the api's name in yett.toml.
        config: the api's settings; `path` wins over `servers`.
        report: takes what is wrong; with an error in it the result must not be used.
        extended: whether the document may hold a `x-yett` key.
        extensions: those it holds, where that is known.

    Returns:
        The api, or None when the document is not OpenAPI at all.
    """
    version = _version(document, source, report)
    if version is None:
        return None
    reader = Reader(document, source, report, version)
    reading = OperationReading(reader, name)
    operations = reading.read()
    if not operations:
        hint = "yett lets through what `paths` declares, and nothing else"
        report.add(
            OPENAPI_SHAPE, "the document declares no operation", source.at("paths"), hint=hint
        )
    mend_schemas(reader)
    base = read_base(reader) if config.path is None else clean_base(config.path)
    return Api(
        name=name,
        base=base or "",
        upstream=config.upstream,
        version=version,
        operations=operations,
        document=document,
        machines=reading.machines(),
        extended=extended,
        extensions=extensions,
        source=source,
    )


def _version(document: Any, source: Source, report: Report) -> str | None:
    if not isinstance(document, dict):
        hint = 'it begins with `openapi: "3.1.1"`'
        report.add(OPENAPI_VERSION, "the document is not an object", source, hint=hint)
        return None
    if "swagger" in document:
        message = f"Swagger {quote(document['swagger'])} is not read"
        report.add(OPENAPI_VERSION, message, source.at("swagger"), hint=_SWAGGER_HINT)
        return None
    version = document.get("openapi")
    match = _VERSION.match(version) if isinstance(version, str) else None
    if match is None:
        message = "the document does not say which OpenAPI it is"
        if version is not None:
            message = f"{quote(version)} is not a version of OpenAPI that yett reads"
        hint = 'write `openapi: "3.1.1"`, in quotation marks'
        report.add(OPENAPI_VERSION, message, source.at("openapi"), hint=hint)
        return None
    return match[1]
