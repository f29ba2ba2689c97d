"""Files for libraries that read only from a path: in a folder of their own, gone afterwards."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath


@contextmanager
def on_disk(files: Mapping[str, bytes]) -> Iterator[Path]:
    """A private folder that holds `files`, by name without folder; names are the caller's, never a file's own."""
    with tempfile.TemporaryDirectory(prefix="einthoven-") as folder:
        for name, data in files.items():
            if PurePosixPath(name).name != name:
                raise ValueError(f"{name!r} has a folder in it")
            (Path(folder) / name).write_bytes(data)
        yield Path(folder)
