"""The healthy site: its nginx, its certificate, its application. Scenarios change the text."""

from . import certificates

NAME = certificates.NAME
CONF = "/etc/nginx/conf.d/shop.conf"
PEM = f"/etc/nginx/ssl/{NAME}.pem"
KEY = f"/etc/nginx/ssl/{NAME}.key"

MAP = """\
map $http_upgrade $connection_upgrade {
  default upgrade;
  ''      close;
}
"""

HTTPS = """\
server {
  listen 443 ssl;
  server_name shop.example.com;

  ssl_certificate /etc/nginx/ssl/shop.example.com.pem;
  ssl_certificate_key /etc/nginx/ssl/shop.example.com.key;

  ssl_session_timeout 5m;
  ssl_protocols TLSv1.2 TLSv1.3;

  location / {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-Proto https;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  }

  location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
    proxy_read_timeout 3600s;
  }
}
"""

HTTP = """\
server {
  listen 80;
  server_name shop.example.com;

  location /.well-known/acme-challenge/ {
    root /var/www/acme;
  }

  location / {
    return 301 https://$host$request_uri;
  }
}
"""

ACME = "/var/www/acme/.well-known/acme-challenge"


def with_ipv6(text: str) -> str:
    """Each `listen PORT …;` gets its twin for IPv6."""
    lines = []
    for line in text.splitlines(keepends=True):
        lines.append(line)
        words = line.strip().rstrip(";").split()
        if words[:1] == ["listen"] and words[1].isdigit():
            lines.append(line.replace(f"listen {words[1]}", f"listen [::]:{words[1]}"))
    return "".join(lines)


def configuration(ipv6: bool = False) -> str:
    text = f"{MAP}\n{HTTPS}\n{HTTP}"
    return with_ipv6(text) if ipv6 else text


def files(ipv6: bool = False) -> dict[str, tuple[str, int]]:
    """Path to text and mode."""
    good = certificates.good()
    return {
        CONF: (configuration(ipv6), 0o644),
        PEM: (good.chain, 0o644),
        KEY: (good.key_pem, 0o600),
        f"{ACME}/.keep": ("", 0o644),
    }
