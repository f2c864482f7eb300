"""Doors for other programs: the API of front doors, webhooks out, and the CRM."""
