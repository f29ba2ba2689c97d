"""Models as a command names them: by the name on the shelf, or as a file."""

from pathlib import Path
from typing import TYPE_CHECKING

from einthoven.cli import output
from einthoven.cli.models import with_command
from einthoven.errors import HintsNeeded

if TYPE_CHECKING:
    from einthoven.workflows.workspace import Workspace


def model_named(model: str) -> str:
    """A file is named by its whole path, since a server may run elsewhere; anything else is a name."""
    path = Path(model)
    return str(path.resolve()) if path.is_file() else model


def on_the_shelf(workspace: "Workspace", model: str) -> str:
    """The model's name; a file is taken in first, since its weights and where it came from must be kept."""
    path = Path(model)
    if workspace.models.has(model) or not path.is_file():
        return model
    from einthoven.workflows import share

    try:
        name = share.take_in(workspace, path.name, share.content_of(path)).name
    except HintsNeeded as error:
        raise with_command(error, path, ()) from error
    output.remark(f"{path.name} is now the model {name}.")
    return name
