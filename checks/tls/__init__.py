"""Checks of the layer `tls`."""
