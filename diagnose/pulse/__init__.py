"""Pulses: three small questions between two whole diagnoses of a target (docs/adr/0038-pulses.md).

`expectation` says what the last evidence lets expect, `asking` asks, `watching` decides when the
whole diagnosis is due.
"""
