"""Where the Papermill engine was; see `mirrorbi.kernels.papermill_engine`."""

from mirrorbi.kernels.papermill_engine import MirrorBIEngine

__all__ = ["MirrorBIEngine"]
