"""Checks of the layer `listener`."""
