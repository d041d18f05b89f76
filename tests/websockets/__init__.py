"""WebSocket servers with every way to refuse a handshake and to end what it opened."""
