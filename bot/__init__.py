"""Nindy: how a message travels."""
