"""Checks of the layer `nginx`."""
