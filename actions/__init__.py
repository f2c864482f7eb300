"""What Nindy can do: one module per category."""
