"""Broadcasts (catalogue E.13): asked for on a ticket, approved by a second person, sent in waves."""
