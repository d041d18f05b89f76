"""Caddy's configuration and messages. Parsing only, no I/O."""
