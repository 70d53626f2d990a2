"""Which columns and texts hold personal data, and why that is thought."""

from mirrorbi.privacy.classes.hit import Hit, Kind, masked
from mirrorbi.privacy.classes.text import scan_text

__all__ = ["Hit", "Kind", "masked", "scan_text"]
