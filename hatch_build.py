"""The wheel's build hook: puts the built pages of `web/` into the wheel as `einthoven/web`, and the models of `zoo/`.

An editable install gets no pages from here: there `tools/build_web.py` builds them in place. With
`EINTHOVEN_SKIP_WEB=1` nothing is built, and the server then has no pages, only its interface.
"""

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def _build_web(root: Path) -> ModuleType:
    """`tools/build_web.py`, which is no part of any package."""
    spec = importlib.util.spec_from_file_location("build_web", root / "tools" / "build_web.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"{root / 'tools' / 'build_web.py'} is missing")
    module = importlib.util.module_from_spec(spec)
    sys.modules["build_web"] = module
    spec.loader.exec_module(module)
    return module


class WebBuildHook(BuildHookInterface[BuilderConfig]):
    """Builds the pages before a wheel is made, when they are missing or older than their sources."""

    @property
    def _skipped(self) -> bool:
        return os.environ.get("EINTHOVEN_SKIP_WEB", "") not in ("", "0")

    def dependencies(self) -> list[str]:
        """Node.js from PyPI where there is no npm that can build the pages."""
        if self.target_name != "wheel" or self._skipped:
            return []
        needed: list[str] = _build_web(Path(self.root)).build_requirements(Path(self.root))
        return needed

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, and add the result to the wheel."""
        if self.target_name != "wheel" or version == "editable":
            return
        root = Path(self.root)
        for capsule in sorted((root / "zoo").glob("*.ecgmodel")):
            build_data["force_include"][str(capsule)] = f"einthoven/zoo/{capsule.name}"
        web = _build_web(root)
        if self._skipped and not web.is_current(root):
            self.app.display_warning("EINTHOVEN_SKIP_WEB is set: this wheel has no pages.")
            return
        try:
            folder = web.build(root)
        except web.WebBuildError as error:
            self.app.abort(f"The pages could not be built. {error} Or set EINTHOVEN_SKIP_WEB=1 to do without pages.")
        build_data["force_include"][str(folder)] = "einthoven/web"
