"""MovieLens data sets from GroupLens: resumed, checked, unpacked safely, and only with their licence accepted."""

from recsys_core.download.catalogue import BASE_URL, DATASETS, RemoteDataset
from recsys_core.download.dataset import DownloadedDataset, download_dataset
from recsys_core.download.progress import DownloadProgress

__all__ = [
    "BASE_URL",
    "DATASETS",
    "DownloadProgress",
    "DownloadedDataset",
    "RemoteDataset",
    "download_dataset",
]
