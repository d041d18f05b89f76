"""Which line would write the requests of a site, and where one stands."""

from dataclasses import replace

import pytest

from diagnose.parsers.unlogged_requests import missing_log_line
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.web_server_evidence import apache_config


def test_the_line_of_apache() -> None:
    config = apache_config()
    line = missing_log_line(config)
    assert line == "CustomLog /var/log/apache2/access.log combined"
    httpd = replace(config, files=(replace(config.files[0], path="/etc/httpd/conf/httpd.conf"),))
    assert missing_log_line(httpd) == "CustomLog logs/access_log combined"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("global\n    log /dev/log local0\ndefaults\n    log global\n", ""),
        ("global\n    maxconn 10\ndefaults\n    log global\n", "log /dev/log local0"),
    ],
)
def test_the_target_of_haproxy(lines: str, expected: str) -> None:
    assert missing_log_line(haproxy_config(lines)) == expected


def test_the_directive_of_caddy() -> None:
    """It has a line, a block or a name of its own in the site."""
    caddyfile = haproxy_config("shop.example.com {\n\trespond ok\n\tlog\n}\n")
    written = replace(caddyfile, product="caddy")
    assert missing_log_line(written) == ""
    bare = replace(haproxy_config("shop.example.com {\n\trespond ok\n}\n"), product="caddy")
    assert missing_log_line(bare).startswith("log {")
