"""The pages of the issuer: one layout, plain forms, and nothing from anybody else.

HTML is made of `el(...)`, which escapes whatever is not `Html` already; there is no template
engine. A page works without script but for passkeys; scripts and styles are two files of this
package, named in the policy by their exact address. No page may be framed, and none is cached.
"""

from __future__ import annotations

from yett.issuer.pages.forms import button, field, form, hidden
from yett.issuer.pages.html import Html, el
from yett.issuer.pages.layout import show
from yett.issuer.pages.trouble import shown

__all__ = ["Html", "button", "el", "field", "form", "hidden", "show", "shown"]
