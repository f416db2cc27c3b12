"""The house itself: a test file for each source file, short docstrings, no unfinished marks."""

from __future__ import annotations

import ast
import re
from graphlib import TopologicalSorter
from itertools import pairwise

MAX_DOCSTRING_LINES = 12
MAX_FILE_LINES = 450
REPORT_FILE_LINES = 200
MAX_FACE_NAMES = 8

# Source file -> why it has no test file of its own.
_TABLE = "a literal table, played row by row in tests/demo/test_demo.py"
WITHOUT_TEST_FILE: dict[str, str] = {
    "cli/demo/attacks.py": _TABLE,
    "cli/demo/attacks_access.py": _TABLE,
    "cli/demo/attacks_channel.py": _TABLE,
    "cli/demo/attacks_input.py": _TABLE,
    "cli/demo/holes.py": _TABLE,
    "cli/demo/visits.py": _TABLE,
}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError")


def relative(path, root):
    return path.relative_to(root / "src" / "yett").as_posix()


def module_name(path, root):
    parts = path.relative_to(root / "src").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def with_packages(name):
    """`a.b.c`, `a.b` and `a`."""
    parts = name.split(".")
    return [".".join(parts[: end + 1]) for end in range(len(parts))]


def imported(tree):
    """The modules of this project that a module imports when it is imported itself."""
    found = set()
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test):
            waiting += node.body
    return {name for name in found if name.partition(".")[0] == "yett"}


def test_each_source_file_has_its_test_file(root, sources):
    """`src/yett/room/file.py` is tested by `tests/room/test_file.py`."""
    missing = []
    for path in sources:
        name = relative(path, root)
        if path.name.startswith("__") or name in WITHOUT_TEST_FILE:
            continue
        folder, _, file = name.rpartition("/")
        if not (root / "tests" / folder / f"test_{file}").exists():
            missing.append(name)
    assert not missing, f"without a test file: {missing}"


def test_exceptions_are_still_needed(root):
    """Who is excused from a test file exists, and has none."""
    for name in WITHOUT_TEST_FILE:
        folder, _, file = name.rpartition("/")
        assert (root / "src/yett" / name).exists(), name
        assert not (root / "tests" / folder / f"test_{file}").exists(), name


def test_test_files_have_their_source_file(root):
    """A test file that mirrors nothing is named for a behaviour, not for a file that is gone."""
    rooms = {path.name for path in (root / "src/yett").iterdir() if path.is_dir()}
    for room in sorted(rooms):
        for path in sorted((root / "tests" / room).rglob("test_*.py")):
            says = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
            name = path.relative_to(root / "tests").as_posix().replace("test_", "")
            assert (root / "src/yett" / name).exists() or says, f"{path}: no source, no docstring"


def test_tests_say_what_they_promise(root):
    """Each test has one sentence: what is promised, not how it is tried."""
    for path in sorted((root / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            if named and node.name.startswith("test_"):
                assert ast.get_docstring(node), f"{path.relative_to(root)}: {node.name}"


def test_modules_say_what_they_are(root, trees):
    """Each module starts with a docstring of at most 12 lines, which ends its first line well."""
    for path, tree in trees.items():
        says = ast.get_docstring(tree) or ""
        empty_face = path.name == "__init__.py" and not tree.body
        assert says or empty_face, f"{relative(path, root)}: no docstring"
        lines = says.count("\n") + 1
        assert lines <= MAX_DOCSTRING_LINES, f"{relative(path, root)}: {lines} lines of docstring"


def test_faces_are_sorted_and_small(root, trees):
    """`__all__` is sorted, has at most 8 names, and each of them is there."""
    for path, tree in trees.items():
        for node in tree.body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
                names = list(ast.literal_eval(node.value))
                assert names == sorted(names), relative(path, root)
                assert len(names) <= MAX_FACE_NAMES, relative(path, root)


def test_modules_do_not_import_each_other_in_a_circle(root, trees):
    """What a module needs while it is imported is there: no order of imports breaks it."""
    named = {module_name(path, root): imported(tree) for path, tree in trees.items()}
    order = TopologicalSorter()
    for name, found in named.items():
        # A module's own packages are being imported already; those of another one come first.
        needed = {package for other in found for package in with_packages(other)}
        order.add(name, *(needed & named.keys() - set(with_packages(name))))
    order.prepare()  # raises CycleError with the circle


def test_no_unfinished_marks(root, sources):
    """Nothing is left for later inside a file; what is open stands in the docs."""
    found = {
        f"{relative(path, root)}:{number}"
        for path, text in sources.items()
        for number, line in enumerate(text.splitlines(), 1)
        if UNFINISHED.search(line)
    }
    assert not found


def test_tasks_are_made_in_one_place(root, sources):
    """Only `wire/tasks.py` makes a task: it keeps, names and hears each of them."""
    makers = re.compile(r"\b(create_task|ensure_future)\(")
    found = {relative(path, root) for path, text in sources.items() if makers.search(text)}
    assert found <= {"wire/tasks.py"}


def test_no_possessive_groups(root, sources):
    """Before Python 3.11.5 a possessive or atomic group may keep what a failed turn ate (gh-106052).

    Debian 12 has 3.11.2. Where one is safe because a failed turn eats nothing, the line above says so.
    """
    group = re.compile(r"(?<!\[)\)[*+?]\+(?![^\[]*\])|\(\?>")
    found = [
        f"{relative(path, root)}:{number}"
        for path, text in sources.items()
        for number, (before, line) in enumerate(pairwise(text.splitlines()), 2)
        if group.search(line) and "re.compile" in line and "gh-106052" not in before
    ]
    assert not found


def test_suppressions_give_their_reason(root, sources):
    """`noqa` and `type: ignore` name the rule and say why."""
    bare = re.compile(
        r"#\s*(noqa|type: ignore)(\s*$|[^\[:])|#\s*(noqa: [A-Z0-9, ]+|type: ignore\[[a-z-, ]+\])\s*$"
    )
    found = [
        f"{relative(path, root)}:{number}"
        for path, text in sources.items()
        for number, line in enumerate(text.splitlines(), 1)
        if bare.search(line)
    ]
    assert not found


def test_no_file_grows_without_end(root, sources, record_property):
    """No file over 450 lines; those over 200 are reported, not refused."""
    sizes = {relative(path, root): text.count("\n") for path, text in sources.items()}
    record_property("over_200_lines", {k: v for k, v in sizes.items() if v > REPORT_FILE_LINES})
    assert not {name: lines for name, lines in sizes.items() if lines > MAX_FILE_LINES}
