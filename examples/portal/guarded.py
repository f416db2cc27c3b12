"""The portal with its contract inside: `uvicorn --app-dir examples/portal guarded:app`."""

import os
from pathlib import Path

from portal.app import app as portal

from yett.asgi import Yett

app = Yett(portal, contract=os.environ.get("CONTRACT", Path(__file__).parent / "contract"))
