"""Asking: a question answered by Claude through typed tools, every figure from a fact."""

from mirrorbi.narrative.asking.answer import REASONS, Answer, Computed
from mirrorbi.narrative.asking.ask import ask, converse
from mirrorbi.narrative.asking.conversation import Conversation, Limits

__all__ = ["REASONS", "Answer", "Computed", "Conversation", "Limits", "ask", "converse"]
