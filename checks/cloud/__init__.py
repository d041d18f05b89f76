"""Checks of the layer `cloud`: the rules that a provider applies in front of the server, as its API
says them, put to the evidence from the network."""
