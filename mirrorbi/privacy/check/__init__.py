"""What a finished file exposes: a report, a notebook, a table."""

from mirrorbi.privacy.check.exposure import Exposure
from mirrorbi.privacy.check.file import check_file

__all__ = ["Exposure", "check_file"]
