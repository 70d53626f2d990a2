"""What was sent, when, by whom and with what result: written before it is sent."""

from mirrorbi.privacy.ledger.chain import Link
from mirrorbi.privacy.ledger.entry import Intent, Ledger, Outcome
from mirrorbi.privacy.ledger.file import FileLedger

__all__ = ["FileLedger", "Intent", "Ledger", "Link", "Outcome"]
