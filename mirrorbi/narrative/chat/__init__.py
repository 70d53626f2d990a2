"""Asking: a question answered by Claude through typed tools, every figure from a fact."""

from mirrorbi.narrative.chat.answer import REASONS, Answer, Computed
from mirrorbi.narrative.chat.ask import ask, converse
from mirrorbi.narrative.chat.conversation import Conversation, Limits

__all__ = ["REASONS", "Answer", "Computed", "Conversation", "Limits", "ask", "converse"]
