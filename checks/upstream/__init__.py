"""Checks of the layer `upstream`."""
