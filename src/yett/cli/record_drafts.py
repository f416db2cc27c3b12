"""Drafts of `x-yett.resource` and of policies, for the records that `guesses` finds.

Everything stands behind comment signs: a new folder runs as it is, and a person decides.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from yett.cli.drafts import target
from yett.cli.guesses import Guess
from yett.cli.owner_guesses import Owner
from yett.contract.model import Operation
from yett.policy.authz.names import bare
from yett.policy.cedar.literals import cedar_string

MAX_NAMES = 20


def overlay_records(records: tuple[Guess, ...]) -> str:
    """Write overlay actions, in comments, that say which record each operation is about."""
    if not records:
        return ""
    lines = [
        "# Which record an operation is about, guessed from its path: policies/records.cedar can",
        "# then say whose it is. From the first one on, `yett check` asks for it of each path with",
        "# an id; `x-yett: {public_object: true}` says that anybody may name any. To use a draft,",
        "# take away its `#`, and the `[]` behind `actions:`.",
    ]
    for record in records:
        lines.append(f"# {record.type}:")
        for operation, resource in record.about:
            lines.append(f"#  - target: {target(operation.path, operation.method.lower())}")
            lines.append(f"#    update: {{x-yett: {{resource: {_flow(resource)}}}}}")
        for place in record.owner.places if record.owner is not None else ():
            lines.append(f"#  - target: {_path(place)}")
            lines.append("#    update: {x-yett-ref: User}   # the id of a person who signs in")
    return "\n".join(lines) + "\n"


def policies_draft(records: tuple[Guess, ...]) -> str:
    """Write Cedar policies, in comments, on the drafted records."""
    lines = [
        "// Who may do what, in Cedar (https://docs.cedarpolicy.com). A rule can read the records",
        "// that overlay.yaml declares: take away the `#` there first, then the `//` here. An",
        "// operation that no rule permits to anybody is left to the scopes of the description.",
        "// `yett check` names mistakes with their line, and where each rule is checked.",
        "// A `User` is a person with a token. An API key is a `Key`, named after its owner: where",
        "// keys call, leave out `is User` here and `x-yett-ref` there, and compare names:",
        "// `resource.owner == principal.id`.",
    ]
    nobodys = [r.type for r in records if r.owner is None or not r.owner.same]
    for record in records:
        if record.type not in nobodys and record.owner is not None:
            lines += ["", *(f"// {line}" for line in _rules(record, record.owner))]
    if nobodys:
        names = ", ".join(nobodys[:MAX_NAMES])
        lines += ["", f"// Nothing tells whose these are: {names}", "//"]
        lines.append("// Name the property that does in `resource.attrs`, as for those above.")
    return "\n".join(lines) + "\n"


def _rules(record: Guess, owner: Owner) -> Iterator[str]:
    """Write the rules of one type."""
    has = f"resource has {owner.attribute} && " if owner.optional else ""
    yield f'@id("{record.type}-own")'
    yield "permit("
    yield "  principal is User,"
    yield f"  action in [{', '.join(map(_action, record.known))}],"
    yield f"  resource is {record.type}"
    yield f") when {{ {has}resource.{owner.attribute} == {owner.same} }};"
    if record.new:
        yield f'@id("{record.type}-new")'
        yield (
            f"permit(principal is User, action in [{', '.join(map(_action, record.new))}], "
            f"resource is {record.type});"
        )


def _action(operation: Operation) -> str:
    return f"Action::{cedar_string(bare(operation))}"


def _path(tokens: tuple[str, ...]) -> str:
    quoted = (token.replace("\\", "\\\\").replace("'", "\\'") for token in tokens)
    return json.dumps("$" + "".join(f"['{token}']" for token in quoted), ensure_ascii=False)


def _flow(value: dict[str, object]) -> str:
    """Write JSON, which is YAML's flow style."""
    return json.dumps(value, ensure_ascii=False)
