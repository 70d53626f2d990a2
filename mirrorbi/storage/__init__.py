"""Stores: where reports go. A local folder now; every store has the same few methods."""

from mirrorbi.storage.local import LocalStore
from mirrorbi.storage.store import Store

__all__ = ["LocalStore", "Store"]
