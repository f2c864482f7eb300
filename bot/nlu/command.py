"""What ``nindy match`` prints."""
