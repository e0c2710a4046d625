"""Values on disk: npz, npy, JSON and Parquet beside a manifest, written whole or not at all, never pickled."""

from recsys_core.storage.arrays import load_arrays, load_csr, save_arrays, save_csr
from recsys_core.storage.atomic import (
    atomic_directory,
    atomic_file,
    link_or_copy,
    remove_directory,
    remove_leftovers,
    scratch_directory,
    write_json,
)
from recsys_core.storage.checksums import FileRecord, RememberedDigests, check_files, file_digests, file_sha256
from recsys_core.storage.manifest import Storable, read_json, read_manifest, write_manifest

__all__ = [
    "FileRecord",
    "RememberedDigests",
    "Storable",
    "atomic_directory",
    "atomic_file",
    "check_files",
    "file_digests",
    "file_sha256",
    "link_or_copy",
    "load_arrays",
    "load_csr",
    "read_json",
    "read_manifest",
    "remove_directory",
    "remove_leftovers",
    "save_arrays",
    "save_csr",
    "scratch_directory",
    "write_json",
    "write_manifest",
]
