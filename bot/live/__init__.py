"""What is alive between processes: wake-ups and owners."""
