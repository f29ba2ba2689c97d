"""The API in writing: `python -m einthoven.api.openapi > docs/openapi.json`."""

import json
import sys
import tempfile
from pathlib import Path

from einthoven.api.app import create_app
from einthoven.workflows.workspace import Workspace


def text() -> str:
    """The OpenAPI document, always in the same order."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        document = create_app(workspace, token="").openapi()
        workspace.database.close()
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
