"""Checks of the layer `cloud`: what a provider does before a packet reaches the server."""
