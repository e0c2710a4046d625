"""The data sets that can be downloaded: their archives, checksums, sizes and terms of use."""

from dataclasses import dataclass
from typing import Final

from recsys_core.errors import ParameterError

__all__ = ["BASE_URL", "DATASETS", "RemoteDataset", "remote_dataset"]

BASE_URL: Final = "https://files.grouplens.org/datasets/movielens/"

_LICENCE = """\
{title}
Usage licence, from {url}

Neither the University of Minnesota nor any of the researchers involved can guarantee the correctness of the data, its
suitability for any particular purpose, or the validity of results based on the use of the data set. The data set may
be used for any research purposes under the following conditions:

* The user may not state or imply any endorsement from the University of Minnesota or the GroupLens Research Group.
* The user must acknowledge the use of the data set in publications resulting from the use of the data set (see below
  for citation information).
{redistribution}
* The user may not use this information for any commercial or revenue-bearing purposes without first obtaining
  permission from a faculty member of the GroupLens Research Project at the University of Minnesota.
* The executable software scripts are provided "as is" without warranty of any kind.

In no event shall the University of Minnesota, its affiliates or employees be liable to you for any damages arising out
of the use or inability to use these programs (including but not limited to loss of data or data being rendered
inaccurate).

Citation: F. Maxwell Harper and Joseph A. Konstan. 2015. The MovieLens Datasets: History and Context. ACM Transactions
on Interactive Intelligent Systems (TiiS) 5, 4: 19:1-19:19. https://doi.org/10.1145/2827872
"""
_SAME_TERMS = """\
* The user may redistribute the data set, including transformations, so long as it is distributed under these same
  license conditions."""
_NOT_AT_ALL = "* The user may not redistribute the data without separate permission."
_TABLES = ("ratings.csv", "movies.csv", "links.csv", "tags.csv")
_GENOME = ("genome-scores.csv", "genome-tags.csv")
_FOLDS = ("u1", "u2", "u3", "u4", "u5", "ua", "ub")  # splits that come with ml-100k
_BESIDES = ("README.txt", "README.html", "checksums.txt")


@dataclass(frozen=True, slots=True)
class RemoteDataset:
    """A data set published as ``name``.zip, which holds one folder ``name``.

    required_files   what the folder must hold
    optional_files   what it may hold besides; anything else is refused
    unpacked_bytes   about what the files take on disk, for the check of free space before downloading
    max_bytes        limit for the archive and for its unpacked content
    sha256, md5      known checksums of the archive; None where none is known
    """

    name: str
    licence: str
    licence_url: str
    required_files: tuple[str, ...]
    optional_files: tuple[str, ...]
    unpacked_bytes: int
    max_bytes: int
    sha256: str | None = None
    md5: str | None = None

    @property
    def archive(self) -> str:
        return f"{self.name}.zip"


def _movielens(
    name: str,
    title: str,
    *,
    redistribution: str,
    files: tuple[str, ...],
    besides: tuple[str, ...] = _BESIDES,
    readme: str = "README.html",
    unpacked_bytes: int,
    sha256: str | None,
    md5: str | None,
) -> RemoteDataset:
    url = f"{BASE_URL}{name}-{readme}"
    return RemoteDataset(
        name=name,
        licence=_LICENCE.format(title=title, url=url, redistribution=redistribution),
        licence_url=url,
        required_files=files,
        optional_files=besides,
        unpacked_bytes=unpacked_bytes,
        max_bytes=4 * unpacked_bytes,
        sha256=sha256,
        md5=md5,
    )


DATASETS: Final[dict[str, RemoteDataset]] = {
    dataset.name: dataset
    for dataset in (
        _movielens(
            "ml-latest-small",
            "MovieLens ml-latest-small: 100,836 ratings of 9,742 movies by 610 users (2018)",
            redistribution=_SAME_TERMS,
            files=_TABLES,
            unpacked_bytes=4_000_000,
            sha256="696d65a3dfceac7c45750ad32df2c259311949efec81f0f144fdfb91ebc9e436",
            md5=None,  # a development set; its published checksum decides
        ),
        _movielens(
            "ml-25m",
            "MovieLens 25M: 25,000,095 ratings of 62,423 movies by 162,541 users, with the tag genome (2019)",
            redistribution=_NOT_AT_ALL,
            files=(*_TABLES, *_GENOME),
            unpacked_bytes=1_200_000_000,
            sha256="8b21cfb7eb1706b4ec0aac894368d90acf26ebdfb6aced3ebd4ad5bd1eb9c6aa",
            md5="6b51fb2759a8657d3bfcbfc42b592ada",
        ),
        _movielens(
            "ml-32m",
            "MovieLens 32M: 32,000,204 ratings of 87,585 movies by 200,948 users (2023)",
            redistribution=_SAME_TERMS,
            files=_TABLES,
            unpacked_bytes=1_000_000_000,
            sha256=None,
            md5="d472be332d4daa821edc399621853b57",
        ),
        _movielens(
            "ml-1m",
            "MovieLens 1M: 1,000,209 ratings of 3,883 movies by 6,040 users (2003)",
            redistribution=_NOT_AT_ALL,
            files=("ratings.dat", "movies.dat", "users.dat"),
            besides=("README",),
            readme="README.txt",
            unpacked_bytes=25_000_000,
            sha256=None,
            md5="c4d9eecfca2ab87c1945afe126590906",
        ),
        _movielens(
            "ml-100k",
            "MovieLens 100K: 100,000 ratings of 1,682 movies by 943 users (1998)",
            redistribution=_NOT_AT_ALL,
            files=("u.data", "u.item", "u.user", "u.genre", "u.info", "u.occupation"),
            besides=(
                "README",
                "allbut.pl",
                "mku.sh",
                *(f"{fold}.{part}" for fold in _FOLDS for part in ("base", "test")),
            ),
            readme="README.txt",
            unpacked_bytes=16_000_000,
            sha256=None,
            md5="0e33842e24a9c977be4e0107933c0723",
        ),
    )
}


def remote_dataset(name: str) -> RemoteDataset:
    """The data set called ``name``; ParameterError names the known ones."""
    try:
        return DATASETS[name]
    except KeyError:
        raise ParameterError(f"no data set {name!r} can be downloaded; known are {', '.join(DATASETS)}") from None
