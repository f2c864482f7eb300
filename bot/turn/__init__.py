"""One message, one transaction: intake, worker, dialogue, outbox, sender."""
