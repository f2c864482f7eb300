"""Stand-ins for every outside system, and a phone in the browser.

Nothing here imports the clients it imitates, so that no bug can hide on both sides.
"""
