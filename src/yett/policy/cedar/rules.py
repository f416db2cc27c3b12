"""Cedar texts to rules: parsed, validated against the schema, each with its file and line.

A rule that is in doubt is a `Flaw`, never a rule: nothing is read around. Templates are refused,
because a template that nobody links permits nothing and looks as if it did.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cedarpy import PolicySet, policies_to_pst, validate_policies
from cedarpy import Schema as Handle
from msgspec import Struct

from yett.contract.model import PolicyText
from yett.contract.places import Source
from yett.policy.cedar.flaws import Flaw, named, parse_flaw, validation_flaw
from yett.policy.cedar.model import Rule
from yett.policy.cedar.scan import Piece, cut
from yett.policy.cedar.schema_text import write_schema
from yett.policy.cedar.types import Schema

# Rule ids go into records, logs and headers of the console.
MAX_ID_CHARS = 128
ID = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._:/-]{{0,{MAX_ID_CHARS - 1}}}")
GENERATED_KINDS = ("state:", "seen:", "default:")
# What cedarpy says besides the mistake itself.
_CONSEQUENCE = "unable to find an applicable action given the policy scope constraints"

Read = tuple[tuple[Rule, ...], tuple[Flaw, ...]]


class _Found(Struct, frozen=True):
    rule: Rule
    piece: Piece


def read_rules(
    texts: tuple[PolicyText, ...], schema: Schema, *, generated: tuple[PolicyText, ...] = ()
) -> Read:
    """Read all policies.

    Args:
        texts: the team's files.
        schema: what they are validated against.
        generated: policies made from the contract; the prefixes of their ids are theirs alone.

    Returns:
        The rules that are right, in order (the team's first), and the flaws; rules of a contract
        with flaws are for reports only.
    """
    reading = _Reading(schema)
    for text in texts:
        reading.read(text, generated=False)
    for text in generated:
        reading.read(text, generated=True)
    reading.validate()
    files = [text.path for text in (*texts, *generated)]
    flaws = sorted(reading.flaws, key=lambda flaw: (files.index(flaw.path), flaw.line))
    return tuple(found.rule for found in reading.found), tuple(flaws)


class _Reading:
    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.found: list[_Found] = []
        self.flaws: list[Flaw] = []
        self._ids: dict[str, Source] = {}

    def read(self, text: PolicyText, *, generated: bool) -> None:
        """Read one file."""
        for piece in cut(text.text):
            source = Source(text.path, piece.line)
            rule = self._rule(piece, source, generated=generated)
            if isinstance(rule, Flaw):
                self.flaws.append(rule)
            else:
                self._ids[rule.id] = source
                self.found.append(_Found(rule, piece))

    def _rule(self, piece: Piece, source: Source, *, generated: bool) -> Rule | Flaw:
        try:
            policies = PolicySet.from_str(piece.text)
        except ValueError as error:
            return parse_flaw(source.path, piece, str(error))
        if policies.templates():
            return _template_flaw(piece, source)
        tree, head = _trees(piece)
        known = tree or head
        id_ = known.annotations.get("id", "")
        if wrong := self._wrong_id(id_, generated=generated):
            return Flaw(source.path, source.line, *wrong)
        return Rule(
            id=id_,
            effect=known.effect,
            tree=tree,
            text=piece.text,
            source=source,
            generated=generated,
            head=head,
        )

    def _wrong_id(self, id_: str, *, generated: bool) -> tuple[str, str] | None:
        if not id_:
            return "this policy has no id", 'write `@id("a-name")` before it'
        if not ID.fullmatch(id_):
            hint = "letters, digits and `._:/-`, at most 128, beginning with a letter or digit"
            shown = f"`{id_}`" if id_.isprintable() and len(id_) <= MAX_ID_CHARS else "this"
            return f"{shown} cannot be the id of a policy", hint
        if not generated and id_.startswith(GENERATED_KINDS):
            hint = (
                "ids that begin with `state:`, `seen:` or `default:` are those of generated rules"
            )
            return f"`{id_}` is kept for a generated rule", hint
        if other := self._ids.get(id_):
            return f"`{id_}` is the id of another policy", f"see {other.path}:{other.line}"
        return None

    def validate(self) -> None:
        """Validate what could be read, all at once; rules that are wrong are taken out."""
        if not self.found:
            return
        text = "\n".join(found.rule.text for found in self.found)
        result = validate_policies(text, Handle.from_str(write_schema(self.schema)))
        wrong: dict[int, list[str]] = {}
        for error in result.errors:
            place = int(error.policy_id.removeprefix("policy") or 0)
            wrong.setdefault(place, []).append(error.error)
        for place, errors in sorted(wrong.items()):
            self.flaws += self._flaws_of(self.found[place], errors)
        self.found = [found for at, found in enumerate(self.found) if at not in wrong]

    def _flaws_of(self, found: _Found, errors: list[str]) -> Iterator[Flaw]:
        causes = [error for error in errors if _CONSEQUENCE not in error] or errors
        # One wrong name is one flaw, although the validator finds it on each type of resource.
        for error in {named(error): error for error in reversed(causes)}.values():
            yield validation_flaw(
                found.rule.source.path, found.piece, found.rule.id, error, self.schema
            )


def _template_flaw(piece: Piece, source: Source) -> Flaw:
    slot = next((token for token in piece.tokens if token.text == "?"), piece.tokens[0])
    return Flaw(
        source.path,
        slot.line,
        "templates are not supported",
        "write a policy for each principal or resource, or compare with an attribute",
    )


def _trees(piece: Piece) -> tuple[Any, Any]:
    """Return the policy's tree, or None and the tree of its scope alone."""
    try:
        return _only(piece.text), None
    except ValueError:  # deeper than cedarpy's 100 levels: only cedarpy itself can evaluate it
        return None, _only(f"{_scope_text(piece)};")


def _only(text: str) -> Any:
    return next(iter(policies_to_pst(text).static_policies.values()))


def _scope_text(piece: Piece) -> str:
    """Return the text up to the end of `permit(...)`, without `when` and `unless`."""
    effect = next(
        at for at, token in enumerate(piece.tokens) if token.text in {"permit", "forbid"}
        and piece.tokens[at - 1].text != "@"
    )  # fmt: skip
    depth = 0
    for token in piece.tokens[effect:]:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if token.text == ")" and depth == 0:
            return piece.text[: token.start + 1 - piece.tokens[0].start]
    return piece.text
