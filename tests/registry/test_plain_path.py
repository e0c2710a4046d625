import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from recsys_core.errors import RegistryError
from registry.plain_path import plain_path

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("name", ["plain", "with space", "ü日本", "a+b&c=d;e"])
def test_a_path_that_can_stand_in_an_address_is_its_own_name(tmp_path, temporary_folder, name):
    assert plain_path(tmp_path / name) == tmp_path / name
    assert list(temporary_folder.iterdir()) == []


@pytest.mark.parametrize("name", ["100%", "%41", "what?", "#1"])
def test_any_other_path_gets_one_plain_name_that_leads_to_it(tmp_path, temporary_folder, name):
    home = tmp_path / name
    found = plain_path(home)
    assert not set("%?#") & set(found.name)
    assert plain_path(home) == found
    home.mkdir()
    (home / "file").write_text("x")
    assert (found / "file").read_text() == "x"
    assert found.parent.parent == temporary_folder
    assert found.parent.stat().st_mode & 0o777 == 0o700
    assert plain_path(tmp_path / f"{name}2") != found


def test_a_link_that_leads_elsewhere_or_was_swept_away_is_mended(tmp_path):
    home = tmp_path / "100%"
    found = plain_path(home)
    found.unlink()
    found.symlink_to(tmp_path / "elsewhere")
    assert plain_path(home).readlink() == home.resolve()
    found.unlink()
    assert plain_path(home).readlink() == home.resolve()


def test_a_folder_that_others_could_write_to_is_closed_to_them(tmp_path):
    folder = plain_path(tmp_path / "100%").parent
    folder.chmod(0o777)
    plain_path(tmp_path / "100%")
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_is_not_this_users_own_is_refused(tmp_path):
    folder = plain_path(tmp_path / "100%").parent
    for link in folder.iterdir():
        link.unlink()
    folder.rmdir()
    (tmp_path / "theirs").mkdir()
    folder.symlink_to(tmp_path / "theirs")
    with pytest.raises(RegistryError, match=r"is not a folder of this user.*TMPDIR"):
        plain_path(tmp_path / "100%")


def test_an_odd_folder_for_temporary_files_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "50%"))
    with pytest.raises(RegistryError, match=r"50%: .*set TMPDIR"):
        plain_path(tmp_path / "100%")


def test_processes_that_start_together_agree(tmp_path, temporary_folder):
    program = (
        "import sys, pathlib; from registry.plain_path import plain_path\n"
        "for _ in range(300):\n"
        "    link = plain_path(pathlib.Path(sys.argv[1])); assert link.is_symlink()\n"
        "print(link)"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "100%")],
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary_folder)},
        )
        for _ in range(3)
    ]
    answers = {process.communicate(timeout=60)[0].strip() for process in started}
    assert answers == {str(plain_path(tmp_path / "100%"))}
    assert len(list(plain_path(tmp_path / "100%").parent.iterdir())) == 1
