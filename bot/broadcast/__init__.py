"""Broadcasts (catalogue E.13): asked for by ticket, approved by a second person, sent in waves."""
