"""What is wrong with a policy: where, in words a person can act on, with the nearest right name.

`cedarpy` says what, but never where. The token is found here: a parse error at the first token that
no policy can go on with, a wrong name where it is written.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable

from cedarpy import policies_to_pst
from msgspec import Struct

from yett.policy.cedar.scan import Piece, Token
from yett.policy.cedar.types import Attribute, Schema

# What a person reads of one error: some messages carry a whole type.
MAX_MESSAGE_CHARS = 400
_SYNTAX = ("unexpected", "invalid token")
_AT_END = "unexpected end of input"
_ENDED = "the policy is not finished"
_FORM = '`@id("name") permit (principal, action, resource) when { ... };`'
_WRITTEN = {
    "and": "write `&&`",
    "or": "write `||`",
    "not": "write `!`",
    "'": "texts stand in double quotes",
    "@": "does the policy before it end with `;`?",
    "permit": "does the policy before it end with `;`?",
    "forbid": "does the policy before it end with `;`?",
    ";": "is a bracket before it not closed?",
}


class Flaw(Struct, frozen=True):
    """A mistake in a policy text; `line` is 1-based, `hint` may be empty."""

    path: str
    line: int
    message: str
    hint: str = ""


def parse_flaw(path: str, piece: Piece, error: str) -> Flaw:
    """Place an error of the parser."""
    at = _unexpected(piece, error) if error.startswith(_SYNTAX) else _named(piece, error)
    token = piece.tokens[at] if at < len(piece.tokens) else piece.tokens[-1]
    message = error if at < len(piece.tokens) and not error.startswith(_AT_END) else _ENDED
    return Flaw(path, token.line, clean(message), _parse_hint(piece, at, error))


def _unexpected(piece: Piece, error: str) -> int:
    """Find the token that the error names: the parser may go on a little before it says so."""
    at = _offending(piece)
    name = re.search("`(.+)`", error, re.DOTALL)
    back = (i for i in range(min(at, len(piece.tokens) - 1), -1, -1)
            if name and piece.tokens[i].text == name[1])  # fmt: skip
    return next(back, at)


def _offending(piece: Piece) -> int:
    """Find the first token that the parser cannot go on with: any prefix before it only ends."""
    low, high = 0, len(piece.tokens)
    while low < high:
        middle = (low + high) // 2
        if _viable(piece, middle + 1):
            low = middle + 1
        else:
            high = middle
    return low


def _viable(piece: Piece, count: int) -> bool:
    last = piece.tokens[count - 1]
    end = last.start + len(last.text) - piece.tokens[0].start
    try:
        policies_to_pst(piece.text[:end])
    except ValueError as error:
        return not str(error).startswith(_SYNTAX) or str(error).startswith(_AT_END)
    return True


def _named(piece: Piece, error: str) -> int:
    for name in re.findall(r"`([^`]+)`", error):
        for at, token in enumerate(piece.tokens):
            if token.text == name or (token.kind == "string" and name in token.text):
                return at
    return 0


def _parse_hint(piece: Piece, at: int, error: str) -> str:
    if "'='" in error:
        return "to compare, write `==`"
    if piece.tokens[-1].kind == "open":
        return "a string is not closed"
    if at >= len(piece.tokens) and not piece.text.endswith(";"):
        return "end the policy with `;`"
    if "effect" in error:
        return "a policy begins with `permit` or `forbid`"
    found = piece.tokens[at].text if at < len(piece.tokens) else ""
    if error.startswith(_SYNTAX):
        return _WRITTEN.get(found, f"the form is {_FORM}")
    return f"the form is {_FORM}" if "variable in the scope" in error else ""


def clean(error: str) -> str:
    """Make one bounded line of a message of cedarpy, in our style."""
    line = " ".join(error.split())
    line = re.sub(r"^(Policy parse error: )?(for policy `[^`]*`[,:] )?", "", line)
    line = line[:1].lower() + line[1:].replace("declared as a valid eid", "one of its ids")
    line = line.replace("Set<__cedar::internal::Any>", "a Set")
    line = line.replace(_NOWHERE, "no operation has this principal, action and resource together")
    return line if len(line) <= MAX_MESSAGE_CHARS else line[: MAX_MESSAGE_CHARS - 3] + "..."


# --- validation ---

_NOWHERE = "unable to find an applicable action given the policy scope constraints"


def named(error: str) -> str:
    """Return the name that an error of the validator is about, or all of it."""
    message = clean(error)
    found = re.match("[^`]*`([^`]+)`", message)
    return found[1] if found else message


def validation_flaw(path: str, piece: Piece, id_: str, error: str, schema: Schema) -> Flaw:
    """Place an error of the validator and say what was probably meant."""
    message = clean(error)
    for pattern, explain in _EXPLAINED:
        if found := pattern.match(message):
            name, hint = explain(found, schema)
            token = _token(piece, name)
            if found.groupdict().get("type") == "Role":
                message = f'`Role::"{name}"` is no role of `[vocabulary.roles]`'
            return Flaw(path, token.line, f"`{id_}`: {message}", hint)
    return Flaw(path, piece.line, f"`{id_}`: {message}")


def _token(piece: Piece, name: str) -> Token:
    """Find where a name is written, bare or as a string."""
    quoted = f'"{name}"'
    return next((t for t in piece.tokens if t.text in {name, quoted}), piece.tokens[0])


def near(name: str, names: Iterable[str]) -> str:
    """Suggest the nearest known name, else the names if they are few."""
    known = sorted(names)
    if close := difflib.get_close_matches(name, known, 1, 0.6):
        return f"did you mean `{close[0]}`?"
    if 0 < len(known) <= 8:
        return "one of: " + ", ".join(f"`{one}`" for one in known)
    return ""


def _attribute(found: re.Match[str], schema: Schema) -> tuple[str, str]:
    name, type_ = found["name"], schema.entities.get(found["type"])
    return name, near(name, _names(type_.attributes if type_ else ()))


def _in_context(found: re.Match[str], schema: Schema) -> tuple[str, str]:
    action = schema.actions.get(_unescaped(found["action"]))
    return found["name"], near(found["name"], _names(action.context if action else ()))


def _in_record(found: re.Match[str], schema: Schema) -> tuple[str, str]:
    del schema
    return found["name"], ""


def _action(found: re.Match[str], schema: Schema) -> tuple[str, str]:
    id_ = _unescaped(found["name"])
    verb, _, class_ = id_.rpartition(":")
    if verb in _LABELLED and class_:
        word, both = (
            _LABELLED[verb],
            [name for name in schema.actions if name.endswith(f":{class_}")],
        )
        if both:
            return id_, f"no operation {word} the class `{class_}`: label the property there, too"
    known = (
        "an action is an `operationId`, or one of the groups `read`, `write`, `tag:...`, `api:...`"
    )
    return id_, near(id_, schema.actions) or known


def _entity(found: re.Match[str], schema: Schema) -> tuple[str, str]:
    return found["name"], near(found["name"], [*schema.entities, "Action"])


def _member(found: re.Match[str], schema: Schema) -> tuple[str, str]:
    type_, name = schema.entities.get(found["type"]), _unescaped(found["name"])
    members = type_.members if type_ else ()
    if found["type"] == "Role" and members == NO_ROLES:
        return name, "declare it there, with the scopes that it grants"
    return name, near(name, members)


def _optional(found: re.Match[str], schema: Schema) -> tuple[str, str]:
    del schema
    return found["name"], f"ask first whether it is there: `has {found['name']} &&`"


def _types(found: re.Match[str], schema: Schema) -> tuple[str, str]:
    both = {found["one"], found["two"]}
    entity = next((name for name in sorted(both) if name in schema.entities), "")
    if entity and "String" in both:
        label = f"label the property `x-yett-ref: {entity}` to compare it with an entity"
        return "", f"{label}, or compare its `id`"
    return "", "both sides of a comparison are of one type"


def _nowhere(found: re.Match[str], schema: Schema) -> tuple[str, str]:
    del found, schema
    return "", "an action is about the type of its `x-yett.resource`; without one, about `Api`"


def _set(found: re.Match[str], schema: Schema) -> tuple[str, str]:
    del found, schema
    return "", "to compare one value write `==`, to find part of a text `like`"


def _names(attributes: Iterable[Attribute]) -> list[str]:
    return [attribute.name for attribute in attributes]


def _unescaped(text: str) -> str:
    return text.replace('\\"', '"').replace("\\\\", "\\")


NO_ROLES = ("-",)  # what the schema has where the vocabulary has none
_LABELLED = {"read": "shows", "write": "writes"}
Explain = Callable[["re.Match[str]", Schema], tuple[str, str]]
_NAME = r"`(?P<name>[^`]+)`"
_EXPLAINED: tuple[tuple[re.Pattern[str], Explain], ...] = (
    (re.compile(rf"attribute {_NAME} on entity type `(?P<type>[^`]+)` not found"), _attribute),
    (
        re.compile(rf'attribute {_NAME} in context for Action::"(?P<action>.*)" not found'),
        _in_context,
    ),
    (re.compile(rf"attribute {_NAME} .*not found"), _in_record),
    (re.compile(r'unrecognized action `Action::"(?P<name>.*)"`'), _action),
    (re.compile(rf"unrecognized entity type {_NAME}"), _entity),
    (
        re.compile(r'entity `(?P<type>[^`"]+)::"(?P<name>.*)"` is of an enumerated entity type'),
        _member,
    ),
    (
        re.compile(rf"unable to guarantee safety of access to optional attribute {_NAME}"),
        _optional,
    ),
    (re.compile(r"the types (?P<one>\S+) and (?P<two>\S+) are not compatible"), _types),
    (re.compile(r"no operation has this principal, action and resource"), _nowhere),
    (re.compile(r"unexpected type: expected a Set but saw"), _set),
)
