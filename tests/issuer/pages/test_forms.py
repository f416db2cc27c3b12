"""Forms: labelled, and sent to us alone."""

from __future__ import annotations

from yett.issuer.pages.forms import button, field, form, hidden


def test_a_form_is_a_post_to_one_of_our_paths(server):
    """Its action stands below the issuer's own path."""
    made = form(server, "/sign-out", hidden("r", '"x"'), button("Sign out"), data_kind="a")
    assert made == (
        '<form method="post" action="/auth/sign-out" data-kind="a">'
        '<input type="hidden" name="r" value="&quot;x&quot;">'
        '<button type="submit">Sign out</button></form>'
    )


def test_every_field_has_a_label_and_its_hint():
    """What reads the page aloud finds label and hint by their ids."""
    made = field("Name", "label", hint="up to 64", maxlength=64, required=True)
    assert '<label for="label">Name</label>' in made
    assert '<small id="label-hint">up to 64</small>' in made
    assert 'aria-describedby="label-hint"' in made
    assert " required" in made
    assert "aria-describedby" not in field("Name", "label")


def test_a_quiet_button_looks_so():
    """Only its class differs."""
    assert button("No", quiet=True) == '<button type="submit" class="quiet">No</button>'
