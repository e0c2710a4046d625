"""What happened to whom: impressions, clicks, ratings and exposures, kept durably and read again by everybody."""

from serving.events.errors import EventStoreError
from serving.events.event import Kind, StoredEvent
from serving.events.export import export_ratings
from serving.events.merging import merge_ratings
from serving.events.recorder import Recorder
from serving.events.store import EventStore, event_store_path

__all__ = [
    "EventStore",
    "EventStoreError",
    "Kind",
    "Recorder",
    "StoredEvent",
    "event_store_path",
    "export_ratings",
    "merge_ratings",
]
