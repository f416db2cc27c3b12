"""Apply an OpenAPI Overlay 1.0 to a document, and remember which file each value came from.

Targets are RFC 9535 JSONPath (a library's); objects merge recursively, a list takes the update as
one more item, `remove` takes the node out (Overlay 1.0.0 s4.3). The document is changed in place:
it is the loader's own copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from yett.contract.fitting import did_you_mean
from yett.contract.report import Report, quote
from yett.contract.rules import (
    OVERLAY_EXTENDS,
    OVERLAY_LOST,
    OVERLAY_NO_MATCH,
    OVERLAY_SHAPE,
    OVERLAY_TARGET,
)

if TYPE_CHECKING:
    from yett.contract.places import Locator, Pointer, Source

MAX_NODES_PER_TARGET = 100_000

_ROOT = ("overlay", "info", "extends", "actions")
_ACTION = ("target", "description", "update", "remove")

# One applied update: where it went, the value, and the pointer of that value in the Overlay.
Patch = tuple["Pointer", Any, "Pointer"]


class OverlaidLines:
    """Locates a value in the Overlay when it came from there, else in the document."""

    def __init__(self, document: Locator, overlay: Locator, patches: list[Patch]) -> None:
        self._document = document
        self._overlay = overlay
        self._patches: dict[Pointer, list[tuple[Any, Pointer]]] = {}
        for target, update, at in patches:
            self._patches.setdefault(target, []).append((update, at))

    def locate(self, pointer: Pointer) -> tuple[str, int]:
        """Return file and line; the last update that wrote the value wins."""
        for depth in range(len(pointer) - 1, -1, -1):
            for update, at in reversed(self._patches.get(pointer[:depth], ())):
                if isinstance(update, dict) and pointer[depth] in update:
                    return self._overlay.locate((*at, *pointer[depth:]))
        return self._document.locate(pointer)


def apply_overlay(
    document: Any, overlay: Any, source: Source, report: Report, *, extended: str
) -> list[Patch]:
    """Apply every action to `document`.

    Args:
        document: the parsed OpenAPI document, changed in place.
        overlay: the parsed Overlay.
        source: the Overlay's root, for findings.
        report: takes what is wrong; an action that is wrong is left out.
        extended: name of the document's file, compared with `extends`.

    Returns:
        What was written where, for `OverlaidLines`.
    """
    if not _check_root(overlay, source, report, extended):
        return []
    patches: list[Patch] = []
    for index, action in enumerate(overlay["actions"]):
        at = source.within(("actions", str(index)))
        if _check_action(action, at, report):
            patches += _apply(document, action, at, report)
    return patches


def _check_root(overlay: Any, source: Source, report: Report, extended: str) -> bool:
    if not isinstance(overlay, dict) or not isinstance(overlay.get("actions"), list):
        hint = "an Overlay begins with `overlay: 1.0.0`, `info` and `actions`"
        report.add(OVERLAY_SHAPE, "the Overlay has no list of `actions`", source, hint=hint)
        return False
    version = overlay.get("overlay")
    if not isinstance(version, str) or not version.startswith(("1.0.", "1.1.")):
        message = f"{quote(version)} is not a version of Overlay that yett reads"
        hint = 'write overlay: "1.0.0"'
        report.add(OVERLAY_SHAPE, message, source.at("overlay"), hint=hint)
    _unknown(overlay, _ROOT, source, report)
    extends = overlay.get("extends")
    if extends is not None and (
        not isinstance(extends, str) or PurePosixPath(extends).name != PurePosixPath(extended).name
    ):
        message = f"the Overlay extends {quote(extends)}, but is applied to {quote(extended)}"
        report.add(OVERLAY_EXTENDS, message, source.at("extends"))
    return True


def _check_action(action: Any, at: Source, report: Report) -> bool:
    if not isinstance(action, dict) or not isinstance(action.get("target"), str):
        hint = "`target` is a JSONPath such as `$.paths['/bookings'].get`"
        report.add(OVERLAY_SHAPE, "an action has no `target`", at, hint=hint)
        return False
    _unknown(action, _ACTION, at, report)
    remove = action.get("remove", False)
    if not isinstance(remove, bool):
        message = f"`remove` is {quote(remove)}, not `true` or `false`"
        report.add(OVERLAY_SHAPE, message, at.at("remove"))
        return False
    if not remove and "update" not in action:
        hint = "add `update` or `remove: true`"
        report.add(OVERLAY_SHAPE, "an action neither updates nor removes", at, hint=hint)
        return False
    return True


def _unknown(value: dict[str, Any], known: tuple[str, ...], at: Source, report: Report) -> None:
    for key in value:
        if key not in known and not key.startswith("x-"):
            hint = did_you_mean(key, list(known))
            report.add(OVERLAY_SHAPE, f"{quote(key)} is not known here", at.at(key), hint=hint)


def _apply(document: Any, action: dict[str, Any], at: Source, report: Report) -> list[Patch]:
    target = action["target"]
    nodes = _find(target, document, at, report)
    if nodes is None:
        return []
    if not nodes:
        _no_match(action, document, at, report)
    if action.get("remove"):
        _remove(nodes, document, target, at, report)
        return []
    written: list[Patch] = []
    for location, value in nodes:
        pointer = tuple(str(part) for part in location)
        patch = (pointer, action["update"], (*at.pointer, "update"))
        written += _update(value, patch, location, at, report)
    return written


def _find(
    target: str, document: Any, at: Source, report: Report
) -> list[tuple[tuple[int | str, ...], Any]] | None:
    import jsonpath_rfc9535 as jsonpath  # noqa: PLC0415 — 60 ms that a contract without Overlay saves

    try:
        nodes = []
        for node in jsonpath.finditer(target, document):
            nodes.append((node.location, node.value))
            if len(nodes) > MAX_NODES_PER_TARGET:
                message = f"the target {quote(target)} matches over {MAX_NODES_PER_TARGET:,} places"
                report.add(OVERLAY_TARGET, message, at.at("target"))
                return None
    except (jsonpath.JSONPathError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else "nested too deeply"
        message = f"{quote(target)} is not a JSONPath: {reason}"
        hint = "quote names with `/`: `$.paths['/bookings/{id}'].get` (RFC 9535)"
        report.add(OVERLAY_TARGET, message, at.at("target"), hint=hint)
        return None
    return nodes


def _no_match(action: dict[str, Any], document: Any, at: Source, report: Report) -> None:
    """A target that is gone is a warning; a control that was meant for it is not dropped so."""
    target, update = action["target"], action.get("update")
    message = f"the target {quote(target)} matches nothing"
    hint = _nearest_path(target, document)
    keys = update if isinstance(update, dict) and not action.get("remove") else ()
    lost = [key for key in keys if key == "security" or key.startswith("x-yett")]
    if not lost:
        report.add(OVERLAY_NO_MATCH, message, at.at("target"), hint=hint)
        return
    message += f", so its `{lost[0]}` would guard nothing"
    hint = hint or "remove the action if the operation is gone"
    report.add(OVERLAY_LOST, message, at.at("target"), hint=hint)


def _nearest_path(target: str, document: Any) -> str:
    """Guess the path that was meant: templates are where a typing error is most likely."""
    start = target.find("['/")
    paths = document.get("paths") if isinstance(document, dict) else None
    if start < 0 or not isinstance(paths, dict):
        return ""
    name = target[start + 2 :].partition("']")[0]
    return did_you_mean(name, list(map(str, paths))) if name not in paths else ""


def _update(
    value: Any, patch: Patch, location: tuple[int | str, ...], at: Source, report: Report
) -> list[Patch]:
    _, update, _ = patch
    if isinstance(value, list):
        value.append(deepcopy(update))
        return [patch]
    if isinstance(value, dict) and isinstance(update, dict):
        return list(_merge(value, patch))
    place = "/".join(map(str, location))
    if isinstance(value, dict):
        message = f"the update of `{place[:60]}` is not an object, so it cannot be merged into one"
    else:
        message = f"the target `{place[:60]}` is neither an object nor a list"
    report.add(OVERLAY_TARGET, message, at.at("target"), hint="target what holds the value")
    return []


def _merge(into: dict[str, Any], patch: Patch) -> Iterator[Patch]:
    """Merge, and yield what the update wrote itself: what it only led through keeps its line."""
    pointer, update, at = patch
    for key, value in update.items():
        old = into.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            yield from _merge(old, ((*pointer, key), value, (*at, key)))
            continue
        if isinstance(old, list) and isinstance(value, list):
            old.extend(deepcopy(value))
        else:
            into[key] = deepcopy(value)
        yield pointer, {key: value}, at


def _remove(
    nodes: list[tuple[tuple[int | str, ...], Any]],
    document: Any,
    target: str,
    at: Source,
    report: Report,
) -> None:
    # Deepest and last first: an index stays right until its own turn.
    places = {location for location, _ in nodes}
    for location in sorted(places, key=_rank, reverse=True):
        if not location:
            message = f"the target {quote(target)} would remove the whole document"
            report.add(OVERLAY_TARGET, message, at.at("target"))
            return
        parent = document
        for part in location[:-1]:
            parent = parent[part]
        del parent[location[-1]]


def _rank(location: tuple[int | str, ...]) -> list[tuple[bool, int | str]]:
    return [(isinstance(part, int), part) for part in location]
