"""The file of TLS that a program of the site reads."""

from typing import Any

from diagnose.model.processes import NamingLine, ProgramCertificate, Starter
from diagnose.model.tls import Certificate

SOURCE = "/srv/shop/server.js"
LIVE = "/etc/letsencrypt/live/shop.example.com"
BY_HAND = Starter(
    "command", "443", "7-30", user="root", words=("node", SOURCE), group="0", folder="/srv/shop"
)


def named(path: str, *chain: Certificate, text: str = "", **more: Any) -> ProgramCertificate:
    """A file that one line of the program's source names."""
    line = NamingLine(SOURCE, 4, text or f"  cert: read('{path}'),", path)
    values = {"lines": (line,), "process": "node", "unit": "shop.service", "real": path}
    return ProgramCertificate(path=path, chain=chain, **{**values, **more})
