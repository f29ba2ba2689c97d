"""The folder of an installation: its keys, its settings, and what happens where it cannot be used."""

import subprocess
import sys
from pathlib import Path

import pytest

from einthoven.errors import SettingError
from einthoven.workflows.workspace import Workspace


def test_the_token_and_the_key_stay_the_same_and_belong_to_their_owner(workspace: Workspace) -> None:
    token, pseudonym = workspace.token(), workspace.pseudonym("4711")
    again = Workspace(workspace.home)
    assert (again.token(), again.pseudonym("4711")) == (token, pseudonym) and len(token) == 64
    if sys.platform != "win32":
        for name in ("token", "pseudonyms.key"):
            assert (workspace.home / name).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", [b"", b"short"])
def test_a_damaged_key_is_never_taken_for_one(workspace: Workspace, content: bytes) -> None:
    for name in ("token", "pseudonyms.key"):
        (workspace.home / name).write_bytes(content)
    with pytest.raises(SettingError, match="token is damaged"):
        workspace.token()
    with pytest.raises(SettingError, match=r"pseudonyms\.key is damaged"):
        workspace.pseudonym("4711")


PROGRAM = """
import sys, pathlib
from einthoven.workflows.workspace import Workspace
sys.stdin.read()
sys.stdout.write(Workspace(pathlib.Path(sys.argv[1])).pseudonym("4711"))
"""


def test_programs_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    started = [subprocess.Popen(arguments, stdin=-1, stdout=-1) for _ in range(3)]
    for process in started:
        assert process.stdin is not None
        process.stdin.close()
    said = {process.stdout.read() for process in started if process.stdout is not None}
    assert [process.wait() for process in started] == [0, 0, 0]
    assert said == {Workspace(tmp_path).pseudonym("4711").encode()}


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingError, match=r"file/home cannot be used.*--home"):
        Workspace(tmp_path / "file" / "home")


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"format": "other"}', '{"format": "einthoven-preferences", "version": 2}']
)
def test_damaged_settings_are_said_and_not_replaced(workspace: Workspace, text: str) -> None:
    (workspace.home / "preferences.json").write_text(text)
    with pytest.raises(SettingError, match=r"preferences\.json is damaged.*Mend or delete it"):
        Workspace(workspace.home)
    assert (workspace.home / "preferences.json").read_text() == text
