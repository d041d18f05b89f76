"""The same small application, written for five servers: a page at / and a WebSocket.

    python -m tests.lab.applications.aiohttp_server --port 3000 --path /ws [--own-origin]

Each does what its server does by itself where a request has no Upgrade, comes in HTTP/1.0, asks
for another path or names another site's Origin: no two answer alike.
"""
