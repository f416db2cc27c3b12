"""`dev.py`, the bootstrap: its decisions, without a network."""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys

import pytest


@pytest.fixture
def dev(root, tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("dev", root / "dev.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "VENV", tmp_path / "venv")
    monkeypatch.setattr(module, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(module, "STAMP", tmp_path / "venv" / "stamp.json")
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").touch()
    return module


def test_imports_nothing_but_the_standard_library(root):
    """A bare machine can run it."""
    tree = ast.parse((root / "dev.py").read_text(encoding="utf-8"))
    names = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


def test_an_old_python_is_told_so(dev):
    """Python 3.10 gets a sentence, not a syntax error."""
    with pytest.raises(dev.Trouble, match=r"this is Python 3\.10\.4, yett needs 3\.11 or newer"):
        dev.require_python((3, 10, 4))
    dev.require_python((3, 11, 0))


def test_an_unknown_command_names_the_known(dev, capsys):
    """A typing mistake costs one line."""
    assert dev.main(["tset"]) == 3
    assert "hint: one of: demo, test, check, fix, bench, docs" in capsys.readouterr().err


def test_several_programs_take_no_arguments(dev, capsys):
    """`check` runs four tools that share no argument."""
    assert dev.main(["check", "--fix"]) == 3
    assert "`check` takes no arguments" in capsys.readouterr().err


def test_groups_include_groups(dev):
    """`check` brings `test`, and with it the portal."""
    groups = dev.read_groups()
    assert {"check", "test", "portal"} <= dev.included(groups, "check")
    assert any(item.startswith("fastapi") for item in dev.requirements(groups, "test"))


def test_every_command_names_a_group_that_exists(dev):
    """No command asks for a group that pyproject.toml does not have."""
    groups = dev.read_groups()
    assert {command.group for command in dev.COMMANDS.values()} - {""} <= set(groups)


def test_a_stamp_makes_a_repeat_free(dev, monkeypatch):
    """What is installed at this very lock is not installed again, nor what it includes."""
    dev.STAMP.write_text(
        json.dumps({"digest": dev.lock_digest(), "groups": ["", "check", "portal", "test"]})
    )
    monkeypatch.setattr(dev, "install_with_uv", lambda group: pytest.fail("installed again"))
    dev.prepare("portal")
    dev.prepare("check")


@pytest.mark.parametrize("stamp", ["", "{}", '{"digest": "old", "groups": ["", "portal"]}', "[1]"])
def test_a_stamp_of_another_lock_is_none(dev, monkeypatch, stamp):
    """Another lock, or a stamp that cannot be read, installs."""
    dev.STAMP.write_text(stamp)
    done = []
    monkeypatch.setattr(dev, "install_with_uv", lambda group: done.append(group) or True)
    dev.prepare("portal")
    assert done == ["portal"]
    assert dev.stamped(dev.lock_digest()) == {"", "portal"}


def test_pip_takes_over_where_uv_cannot_be_had(dev, monkeypatch):
    """Without uv the same group is installed with pip."""
    done = []
    monkeypatch.setattr(dev, "find_uv", lambda: "")
    monkeypatch.setattr(dev, "install_with_pip", done.append)
    dev.prepare("portal")
    assert done == ["portal"]


def test_a_stale_lock_is_no_reason_for_pip(dev, monkeypatch, tmp_path):
    """A lock that does not fit is an error, not a silent install of something else."""
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\necho 'The lockfile at `uv.lock` needs to be updated' >&2\nexit 1\n")
    uv.chmod(0o755)
    monkeypatch.setattr(dev, "find_uv", lambda: str(uv))
    with pytest.raises(dev.Trouble, match="does not fit"):
        dev.prepare("portal")


def test_a_missing_ensurepip_gets_the_one_apt_line(dev, monkeypatch, tmp_path):
    """Debian without python3-venv is told the one package it lacks."""
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\necho 'Error: No module named ensurepip' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setattr(dev.sys, "executable", str(fake))
    with pytest.raises(dev.Trouble) as trouble:
        dev.make_venv()
    assert trouble.value.hint == "sudo apt-get install -y python3-venv"


def test_constraints_hold_the_locked_versions(dev):
    """The versions that pip gets are those of the lock; yett is none of them."""
    pins = dev.locked_versions()
    assert any(pin.startswith("msgspec==") for pin in pins)
    assert not any(pin.startswith("yett==") for pin in pins)


def test_usage_without_arguments(root):
    """`python3 dev.py` alone prints what there is and exits with 2."""
    done = subprocess.run(
        [sys.executable, root / "dev.py"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "bench" in done.stdout


def test_ci_runs_what_the_readme_says(root):
    """CI calls the README's test command, nothing of its own."""
    script = (root / ".ci/run").read_text(encoding="utf-8")
    assert "python3 dev.py test" in script
    assert "python3 dev.py test" in (root / "README.md").read_text(encoding="utf-8")


def test_a_browser_that_is_there_is_enough(dev, monkeypatch):
    """Nothing is installed on a machine that has one."""
    monkeypatch.setattr(dev.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(dev, "quietly", lambda command: pytest.fail("installed again"))
    dev.prepare_browser()


def test_a_browser_is_installed_where_it_can_be(dev, monkeypatch):
    """As root on Debian: the small one first, after an update of the lists if it must be."""
    ran = []
    monkeypatch.setattr(dev.shutil, "which", lambda name: "/apt" if name == "apt-get" else None)
    monkeypatch.setattr(dev.os, "geteuid", lambda: 0)
    monkeypatch.setattr(dev, "quietly", lambda command: ran.append(command) or len(ran) > 2)
    dev.prepare_browser()
    assert [command[-1] for command in ran] == [
        "chromium-headless-shell",
        "chromium",
        "update",
        "chromium-headless-shell",
    ]


def test_without_a_browser_the_tests_go_on(dev, monkeypatch, capsys):
    """A user who may not install one is told what is skipped, and how to have it."""
    monkeypatch.setattr(dev.shutil, "which", lambda name: None)
    dev.prepare_browser()
    assert "hint: sudo apt-get install -y chromium-headless-shell" in capsys.readouterr().err
