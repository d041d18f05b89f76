"""Parsers for Traefik's rules and configuration."""
