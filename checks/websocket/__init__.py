"""Checks of the layer `websocket`."""
