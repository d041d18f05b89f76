"""Checks of the layer `dns`."""
