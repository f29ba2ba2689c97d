"""Puts the parts together: a workspace for a folder, a server for a workspace."""

from pathlib import Path

from einthoven.settings import Settings
from einthoven.workflows.workspace import Workspace


def open_workspace(home: Path | None = None) -> Workspace:
    """The workspace at `home`, else where the settings say."""
    return Workspace((home or Settings().home).expanduser().resolve(), zoo=zoo_folders())


def zoo_folders() -> tuple[Path, ...]:
    """Where the models lie that come with Einthoven: in the installed package, or in the folder it is developed in."""
    package = Path(__file__).parent
    developed = (package.parents[1] / "zoo",) if package.parent.name == "src" else ()
    return tuple(folder for folder in (package / "zoo", *developed) if folder.is_dir())


def built_pages() -> Path | None:
    """Folder of the built pages inside the installed package; None when they were not built."""
    folder = Path(__file__).parent / "web"
    return folder if (folder / "index.html").is_file() else None
