"""The block for https that is made of that for port 80."""

import pytest

from checks.nginx import Nginx
from checks.nginx._tls_blocks import tls_block
from diagnose.model import Applicability, Edit
from diagnose.model.files import StoredCertificate
from diagnose.model.observation import Observation
from tests.support.certificates import LEAF
from tests.support.check_evidence import evidence
from tests.support.nginx_evidence import RUNNING, config

LIVE = "/etc/letsencrypt/live/shop.example.com"
STORED = StoredCertificate(path=f"{LIVE}/fullchain.pem", chain=(LEAF,), key=f"{LIVE}/privkey.pem")
PLAIN = """\
server {
    listen 80 default_server;
    listen [::]:80;
    server_name shop.example.com;
    location / {
        proxy_pass http://127.0.0.1:3000;
    }
}
"""


def built(text: str = PLAIN, *seen: Observation) -> str:
    """The lines that the edit adds, "" for no edit."""
    found = tls_block(Nginx.of(evidence(RUNNING, config(text), *(seen or (STORED,)))))
    if found is None:
        return ""
    assert found.fix.applicability is Applicability.REVIEW
    (edit,) = (step for step in found.fix.steps if isinstance(step, Edit))
    rows = edit.diff.split("\n")[2:]
    return "\n".join(row[1:].strip() for row in rows if row.startswith("+"))


def test_the_block_gets_tls_and_a_new_one_redirects() -> None:
    text = built()
    assert f"listen 443 ssl;\nlisten [::]:443 ssl;\nssl_certificate {LIVE}/fullchain.pem;" in text
    assert "return 301 https://$host$request_uri;\n}" in text


def test_a_word_of_a_guide_is_replaced_by_the_name() -> None:
    text = built(PLAIN.replace("shop.example.com", "your_domain www.your_domain"))
    assert text.count("server_name shop.example.com;") == 2
    assert "ssl_certificate " in text


@pytest.mark.parametrize(
    "text",
    [
        PLAIN.replace("shop.example.com", "blog.example.org"),
        PLAIN.replace("shop.example.com", "shop.example.com www.example.org"),
        PLAIN.replace("proxy_pass http://127.0.0.1:3000", "return 301 https://$host$request_uri"),
        PLAIN.replace("    location", "    return 301 https://$host$request_uri;\n    location"),
        PLAIN.replace("listen 80 default_server", "listen 127.0.0.1:80").replace("[::]", "[::1]"),
        PLAIN.replace("80 default_server", "80 proxy_protocol"),
        PLAIN.replace("80 default_server", "8080"),
        PLAIN + PLAIN.replace("80", "8443"),
        PLAIN.replace("shop.example.com", "_") + PLAIN.replace("shop.example.com", "localhost"),
        PLAIN.replace("shop.example.com", "_").replace(
            "proxy_pass http://127.0.0.1:3000", "root /var/www/html"
        ),
    ],
)
def test_no_block_of_another_kind_is_changed(text: str) -> None:
    assert built(text) == ""


def test_no_block_without_a_certificate() -> None:
    assert built(PLAIN, RUNNING) == ""
