"""Checks of the layer `tcp`."""
