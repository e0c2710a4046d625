"""Values on disk: npz, npy, JSON and Parquet beside a manifest, written whole or not at all, never pickled."""

from recsys_core.storage.arrays import load_arrays, load_csr, save_arrays, save_csr
from recsys_core.storage.atomic import atomic_directory, atomic_file, write_json
from recsys_core.storage.manifest import Storable, read_json, read_manifest, write_manifest

__all__ = [
    "Storable",
    "atomic_directory",
    "atomic_file",
    "load_arrays",
    "load_csr",
    "read_json",
    "read_manifest",
    "save_arrays",
    "save_csr",
    "write_json",
    "write_manifest",
]
