"""Checks of the layer `http`."""
