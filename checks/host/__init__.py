"""Checks of the layer `host`."""
