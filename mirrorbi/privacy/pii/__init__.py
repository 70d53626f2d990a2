"""Which columns and texts hold personal data, and why that is thought.

Presidio's recognisers were the first choice. They cannot be had without spaCy (392 MB
installed, 1.8 s to import), and the one for e-mail fetches the public-suffix list from the
network at its first use, which a private network refuses. So the same parts are used
without the frame: phonenumbers, python-stdnum, the public-suffix list in tldextract's
wheel, and patterns of our own whose precision and recall `benchmarks/personal_data.py`
measures.
"""

from mirrorbi.privacy.pii.column_classes import Finding, classify
from mirrorbi.privacy.pii.free_text import scan_text
from mirrorbi.privacy.pii.hit import Hit, Kind, masked

__all__ = ["Finding", "Hit", "Kind", "classify", "masked", "scan_text"]
