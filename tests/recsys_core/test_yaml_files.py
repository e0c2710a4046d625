"""One reader for all YAML files: what nobody means is refused with its line."""

from pathlib import Path

import pytest

from recsys_core.errors import MissingFileError, ParameterError
from recsys_core.yaml_files import read_yaml

_LAUGHS = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"\xef\xbb\xbf"])
def test_a_file_without_values_is_an_empty_mapping(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c.yaml").write_bytes(content)
    assert read_yaml(tmp_path / "c.yaml", "configuration") == {}


def test_aliases_and_merged_mappings_are_allowed(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("als: &als {factors: 8, seed: 1}\nother: {<<: *als, seed: 2}\nthird: *als\n")
    found = read_yaml(tmp_path / "c.yaml", "configuration")
    assert found["other"] == {"factors": 8, "seed": 2}
    assert found["third"] == {"factors": 8, "seed": 1}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a: 1\nb:\n  seed: 1\n  k: 2\n  seed: 3\n", r"line 5: seed is given twice, first in line 3; keep one"),
        (b"{a: 1, a: 1}", r"line 1: a is given twice, first in line 1; keep one"),
        (_LAUGHS.encode(), r"line \d: stands for more than 10,000 values; write them without aliases"),
        (b"a: &a [*a]\n", r"line 1: stands for more than 10,000 values; write them without aliases"),
        (b"a: 1\nb: [\n", r"line 3: is not valid YAML \(.*expected the node content"),
        (b"a: !!python/object:os.system x\n", r"line 1: is not valid YAML \(could not determine a constructor"),
        (b"a: 2026-02-30\n", r"is not valid YAML \(day is out of range"),
        (b"a: caf\xe9\n", r"is not valid YAML \('utf-8' codec can't decode"),
        (b"a: \x00\n", r"is not valid YAML \(unacceptable character"),
        (b"- a\n", r"expected 'name: value' lines, found a list"),
        (b"true: 1\n", r"line 1: expected a name before the colon, found 'true'"),
        (b"? [a, b]\n: 1\n", r"line 1: expected a name before the colon"),
        (b"[" * 5000, r"is nested too deeply"),
        (b"a: " + b"x" * 1_000_000, r"is longer than 1,000,000 bytes"),
    ],
)
def test_a_fault_is_one_line_that_names_the_file_and_the_line(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(content)
    with pytest.raises(ParameterError, match=words) as caught:
        read_yaml(path, "configuration")
    assert str(caught.value).startswith(f"configuration {path}: ")
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"configuration .*: cannot be read \(Is a directory\); give a file"):
        read_yaml(tmp_path, "configuration")
