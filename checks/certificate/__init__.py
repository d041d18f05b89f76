"""Checks of the layer `certificate`."""
