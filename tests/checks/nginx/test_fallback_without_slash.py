"""nginx.fallback-without-slash: when it fires, and when it is silent."""

import pytest

from diagnose.model import Applicability, Confidence, Edit, Observation
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import LOG_READ, logged, page

CHECK = "nginx.fallback-without-slash"
UNKNOWN = 'FastCGI sent in stderr: "Primary script unknown" while reading response header'
SITE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /srv/shop;
    location / {
        try_files $uri $uri/ index.php?$args;
    }
    location ~ \\.php$ {
        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
        fastcgi_pass 127.0.0.1:9000;
    }
}
"""
FILES = SITE.replace("index.php?$args", "index.html")


def seen(text: str, message: str = UNKNOWN) -> tuple[Observation, ...]:
    return RUNNING, config(text), LOG_READ, logged(message), page(404)


def test_fires_and_writes_the_slash() -> None:
    (claim,) = judge(CHECK, *seen(SITE))
    assert claim.facts["looked_for"] == "/srv/shopindex.php"
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "try_files $uri $uri/ /index.php?$args;" in edit.diff


def test_fires_for_a_page_that_nginx_reads_itself() -> None:
    message = 'open() "/srv/shopindex.html" failed (2: No such file or directory)'
    assert judge(CHECK, *seen(FILES, message))
    other = 'open() "/srv/shop/about.html" failed (2: No such file or directory)'
    assert not judge(CHECK, *seen(FILES, other))


def test_fires_where_root_ends_with_a_slash() -> None:
    """nginx takes it away."""
    (claim,) = judge(CHECK, *seen(SITE.replace("/srv/shop;", "/srv/shop/;")))
    assert claim.facts["looked_for"] == "/srv/shopindex.php"


def test_fires_as_likely_where_the_path_is_written_in_another_way() -> None:
    text = SITE.replace("$document_root$", "/srv/app$")
    (claim,) = judge(CHECK, *seen(text))
    assert claim.confidence is Confidence.LIKELY


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (" index.php", " /index.php"),
        (" index.php?$args", " @php"),
        (" index.php?$args", " =404"),
        (" index.php?$args", " $fallback"),
    ],
)
def test_silent_where_the_address_is_whole(old: str, new: str) -> None:
    assert not judge(CHECK, *seen(SITE.replace(old, new)))
