"""Checks of the layer `firewall`."""
