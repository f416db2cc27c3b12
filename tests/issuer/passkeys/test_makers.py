"""Names of authenticators."""

from __future__ import annotations

import uuid

from yett.issuer.passkeys.makers import MAKERS, UNKNOWN, maker_of


def test_a_model_that_is_known_has_a_name():
    """Ids are spelled as py_webauthn spells them; anything else is just a passkey."""
    assert all(str(uuid.UUID(one)) == one for one in MAKERS)
    assert maker_of("bada5566-a7aa-401f-bd96-45619a55120d") == "1Password"
    assert maker_of("00000000-0000-0000-0000-000000000000") == UNKNOWN
