from pathlib import Path

from msgspec import structs

from yett.contract.extension_forms import Extension, MachineForm, ResourceForm, SensitiveForm, fits
from yett.contract.extension_places import EXTENSIONS
from yett.contract.model import Resource, Sensitive
from yett.contract.places import Source
from yett.contract.report import Report

PAGE = Path("docs/reference/extensions.md")


def names(form):
    return {field.encode_name for field in structs.fields(form)}


def test_each_extension_and_key_has_one_heading():
    """docs/reference/extensions.md describes all of them, and none that is gone."""
    text = PAGE.read_text(encoding="utf-8")
    names = [line[4:].strip("`") for line in text.splitlines() if line.startswith("### ")]
    assert sorted(names) == sorted(field.name for field in structs.fields(Extension))
    heads = [line[3:].strip("`") for line in text.splitlines() if line.startswith("## ")]
    assert sorted(heads) == sorted(EXTENSIONS)


def test_each_key_of_a_table_is_on_the_page():
    """The keys inside `sensitive`, `resource` and `x-yett-machine` are described, too."""
    text = PAGE.read_text(encoding="utf-8")
    for form in (SensitiveForm, ResourceForm, MachineForm):
        for name in names(form):
            assert f"`{name}`" in text, name


def test_what_may_be_written_is_what_the_model_holds():
    """A key that the form takes and the model has not would be lost on the way."""
    assert names(ResourceForm) == names(Resource)
    assert names(SensitiveForm) == names(Sensitive)


def test_every_mistake_is_reported_at_its_place():
    """All of them in one run, each with a way on."""
    report = Report()
    value = {"field": 3, "initial": ["a"], "operations": {"x": {"form": ["a"]}}}
    assert not fits(value, MachineForm, "x-yett-machine", Source("f", 1, pointer=("m",)), report)
    found = [(r.rule.id, r.source.pointer, r.message) for r in report.remarks]
    assert (
        "extension-value",
        ("m", "field"),
        "in `x-yett-machine`, `field`: `3` is not a string",
    ) in found
    assert (
        "extension-unknown",
        ("m", "operations", "x", "form"),
        "in `x-yett-machine`, `form` is not known",
    ) in found
    assert len(found) == 3  # and `from` is missing
