"""`recsys models`, `recsys promote`, `recsys rollback`: the registry from the command line."""

__all__ = []
