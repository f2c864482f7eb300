"""Measurements: ``make bench`` prints them, ``docs/benchmarks.md`` explains them."""
