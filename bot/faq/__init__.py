"""The reviewed FAQ: its entries, what is checked of them, and how the desk changes them."""

from bot.faq.bank import CONFIDENCES, LONGEST_ANSWER, SERVICES, Bank, Entry, folded

__all__ = ["CONFIDENCES", "LONGEST_ANSWER", "SERVICES", "Bank", "Entry", "folded"]
