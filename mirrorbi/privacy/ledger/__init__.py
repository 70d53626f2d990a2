"""What was sent, when, by whom and with what result: written before it is sent."""

from mirrorbi.privacy.ledger.calls import Call, calls_of
from mirrorbi.privacy.ledger.chain import Link
from mirrorbi.privacy.ledger.entry import Intent, Ledger, Outcome
from mirrorbi.privacy.ledger.file import FileLedger
from mirrorbi.privacy.ledger.place import open_ledger
from mirrorbi.privacy.ledger.s3 import S3Ledger
from mirrorbi.privacy.ledger.verify import Verification, verify_ledger

__all__ = [
    "Call",
    "FileLedger",
    "Intent",
    "Ledger",
    "Link",
    "Outcome",
    "S3Ledger",
    "Verification",
    "calls_of",
    "open_ledger",
    "verify_ledger",
]
