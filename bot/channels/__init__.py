"""Doors: each turns a provider's wire format into `message.py` and back."""
