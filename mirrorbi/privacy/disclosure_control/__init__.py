"""Disclosure control: what of a sweep may be shown, and why the rest may not."""

from mirrorbi.privacy.disclosure_control.audit import Audit
from mirrorbi.privacy.disclosure_control.release import controlled, release

__all__ = ["Audit", "controlled", "release"]
