"""diagnose: says the one thing that is wrong with an HTTPS or WebSocket site, why, and the fix."""
