"""A site whose nginx is known: blocks for port 80 and 443, and how a remedy reads."""

from diagnose.model import Applicability, Claim, Edit
from diagnose.model.http import Exchange, RequestPurpose
from tests.support.nginx_evidence import BUILD, HOST, RUNNING, SITE, config

PLAIN = """
server {
    listen 80;
    server_name shop.example.com;

    location /.well-known/acme-challenge/ {
        root /srv/acme;
    }

    location / {
        return 301 https://$host$request_uri;
    }
}
"""
AROUND = (BUILD, HOST, RUNNING)
HOME = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)

__all__ = ["AROUND", "HOME", "PLAIN", "SITE", "applied", "config", "led"]


def led(url: str, location: str, purpose: RequestPurpose = "plain", status: int = 301) -> Exchange:
    return Exchange(
        url=url,
        address="203.0.113.10",
        port=443 if url.startswith("https") else 80,
        purpose=purpose,
        status=status,
        headers=(("Location", location),),
    )


def applied(claim: Claim) -> tuple[Applicability, list[str]]:
    """How a remedy is classed, and the lines that it takes away and puts in."""
    assert claim.fix
    lines = [
        line[:1] + line[1:].strip()
        for step in claim.fix.steps
        if isinstance(step, Edit)
        for line in step.diff.splitlines()[2:]
        if line[:1] in "+-" and line[1:].strip()
    ]
    return claim.fix.applicability, lines
