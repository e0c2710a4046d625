"""The runner, with scripts that behave as a foreign peer may: well, slowly, badly."""

import ast
import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bench.accuracy.peers import PEERS, PeerError, program_digest, run_peer, running
from bench.accuracy.peers.environments import make_environment
from bench.accuracy.peers.running import Peer

HONEST = """
import numpy as np
from peer_job import any_of, run_from_command_line, top_lists

def fit(train, parameters, seed):
    popular = np.bincount(train.indices, minlength=train.shape[1]).astype(float)
    return lambda known, k: top_lists(np.tile(popular, (known.shape[0], 1)), known, k)

run_from_command_line({"m": (fit, {"a": 0}, {"a": any_of(1, 2)})}, "1.2.3")
"""
AFTERWARDS = """
from pathlib import Path
import sys
out = Path(sys.argv[sys.argv.index("--out") + 1])
lists = np.load(out / "lists_warm.npy")
"""

Place = Callable[[str], str]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Makes ``fake`` a peer with the given script and without requirements: it runs in this environment."""

    def placed(script: str) -> str:
        folder = tmp_path / "fake"
        folder.mkdir()
        (folder / "fit.py").write_text(script, encoding="utf-8")
        monkeypatch.setitem(running.PEERS, "fake", Peer(folder, "m"))
        return "fake"

    return placed


def test_a_script_speaks_through_files_alone(place: Place, job: Path, tmp_path: Path) -> None:
    result = run_peer(place(HONEST), job, tmp_path / "out", 3, 5)
    assert (result.name, result.version, result.n_trials) == ("fake", "1.2.3", 3)
    assert result.parameters == {"a": 0}
    assert result.lists("warm").shape == (10, 8)
    assert result.seconds > 0


def test_a_crash_shows_the_scripts_last_words(place: Place, job: Path, tmp_path: Path) -> None:
    script = "import sys; print('out of cheese', file=sys.stderr); sys.exit(3)"
    with pytest.raises(PeerError, match=r"fake/fit.py ended with code 3(.|\n)*out of cheese"):
        run_peer(place(script), job, tmp_path / "out", 1, 0)


def test_a_script_that_takes_too_long_is_ended_with_all_it_started(
    place: Place, job: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "TIMEOUT", 1)
    sign = tmp_path / "still-alive"
    child = f"import time; time.sleep(3); open({str(sign)!r}, 'w')"
    script = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(60)"
    began = time.monotonic()
    with pytest.raises(PeerError, match="not done after 1 s"):
        run_peer(place(script), job, tmp_path / "out", 1, 0)
    assert time.monotonic() - began < 20
    time.sleep(3.5)
    assert not sign.exists()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        ("lists[2, 1] = lists[2, 0]", "an item twice in the lists of 1 users .first: row 2"),
        ("lists[4, 3] = -1", "an item after the padding in the lists of 1 users .first: row 4"),
        ("lists[0, 0] = 60", "a number that is no column's in the lists of 1 users .first: row 0"),
        ("lists[0, 0] = -2", "a number that is no column's"),
        ("lists = lists[:, :5]", r"shape \(10, 5\), expected int32 of shape \(10, 8\)"),
        ("lists = lists.astype(float)", "float64 of shape"),
        (
            "from scipy.sparse import load_npz; job = Path(sys.argv[sys.argv.index('--job') + 1]); "
            "lists[5, 0] = load_npz(job / 'known_warm.npz').tocsr()[5].indices[0]",
            "an item that was known in the lists of 1 users .first: row 5",
        ),
    ],
)
def test_lists_that_break_a_rule_are_refused(place: Place, job: Path, tmp_path: Path, spoil: str, message: str) -> None:
    script = f"{HONEST}\n{AFTERWARDS}\n{spoil}\nnp.save(out / 'lists_warm.npy', lists)\n"
    with pytest.raises(PeerError, match=message):
        run_peer(place(script), job, tmp_path / "out", 1, 0)


def test_a_view_in_which_nobody_can_be_answered_is_no_fault(place: Place, job: Path, tmp_path: Path) -> None:
    script = f"{HONEST}\n{AFTERWARDS}\nnp.save(out / 'lists_warm.npy', np.full_like(lists, -1))\n"
    assert (run_peer(place(script), job, tmp_path / "out", 1, 0).lists("warm") == -1).all()


def test_an_environment_is_made_once_and_again_when_its_requirements_change(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("", encoding="utf-8")
    python = make_environment(requirements, tmp_path / "environment")
    assert python.exists()
    kept = tmp_path / "environment" / "kept"
    kept.touch()
    assert make_environment(requirements, tmp_path / "environment") == python
    assert kept.exists()
    requirements.write_text("# another\n", encoding="utf-8")
    make_environment(requirements, tmp_path / "environment")
    assert not kept.exists()


def test_a_peer_that_cannot_be_installed_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, job: Path) -> None:
    folder = tmp_path / "uninstallable"
    folder.mkdir()
    (folder / "requirements.txt").write_text("./there-is-no-such-package\n", encoding="utf-8")
    monkeypatch.setitem(running.PEERS, "uninstallable", Peer(folder, "m"))
    monkeypatch.setattr(running, "ENVIRONMENTS", tmp_path / "environments")
    with pytest.raises(PeerError, match="there-is-no-such-package"):
        run_peer("uninstallable", job, tmp_path / "out", 1, 0)


@pytest.mark.parametrize("folder", sorted({peer.folder for peer in PEERS.values()}), ids=lambda folder: folder.name)
class TestFolders:
    def test_requirements_are_pinned_and_name_no_address(self, folder: Path) -> None:
        requirements = folder / "requirements.txt"
        assert requirements.exists() == (folder.name != "implicit"), "which runs in the project's environment"
        lines = requirements.read_text(encoding="utf-8").split("\n") if requirements.exists() else []
        assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line) for line in lines if line)

    def test_the_script_imports_nothing_of_this_project_but_the_job(self, folder: Path) -> None:
        tree = ast.parse((folder / "fit.py").read_text(encoding="utf-8"))
        imported = {
            name.split(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names])
        }
        assert "peer_job" in imported
        assert not imported & {"recsys_core", "bench", "assets", "pipelines", "registry"}

    def test_the_script_has_every_model_that_is_asked_of_it(self, folder: Path) -> None:
        tree = ast.parse((folder / "fit.py").read_text(encoding="utf-8"))
        models = next(
            node.value
            for node in tree.body
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "MODELS"
        )
        assert isinstance(models, ast.Dict)
        offered = {key.value for key in models.keys if isinstance(key, ast.Constant)}
        assert offered == {peer.model for peer in PEERS.values() if peer.folder == folder}


def test_a_peers_program_is_its_own_script_and_requirements(place: Place, tmp_path: Path) -> None:
    name = place(HONEST)
    others = {other: program_digest(other) for other in PEERS if other != name}
    digests = {program_digest(name)}
    for changed in ("fit.py", "requirements.txt"):
        (tmp_path / "fake" / changed).write_text("# another\n", encoding="utf-8")
        digests.add(program_digest(name))
    assert len(digests) == 3
    assert {other: program_digest(other) for other in others} == others
    assert len(set(others.values())) == len(others)


def test_the_account_is_json_that_numpy_never_unpickles(place: Place, job: Path, tmp_path: Path) -> None:
    run_peer(place(HONEST), job, tmp_path / "out", 2, 0)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "lists_odd.npy",
        "lists_warm.npy",
        "tuned.json",
    ]
    assert np.load(tmp_path / "out" / "lists_odd.npy", allow_pickle=False).shape == (3, 8)
