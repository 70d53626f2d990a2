"""What a finished file exposes: a report, a notebook, a table."""

from mirrorbi.privacy.exposure.exposure import Exposure
from mirrorbi.privacy.exposure.file import check_file

__all__ = ["Exposure", "check_file"]
