"""http.directory-listing: when it fires, and when it is silent."""

import pytest

from diagnose.model import Severity
from tests.support.check_evidence import judge
from tests.support.upstream_evidence import page

CHECK = "http.directory-listing"
NGINX = (
    "<html>\r\n<head><title>Index of /</title></head>\r\n<body>\r\n<h1>Index of /</h1><hr><pre>"
    '<a href="../">../</a>\r\n{}</pre><hr></body>\r\n</html>\r\n'
)
APACHE = (
    "<html><head><title>Index of /files</title></head><body><h1>Index of /files</h1><table>"
    '<tr><th><a href="?C=N;O=D">Name</a></th></tr><tr><td><a href="/">Parent Directory</a></td>'
    '</tr><tr><td><a href="wp-config.php">wp-config.php</a></td></tr></table>'
)


def listed(*names: str) -> str:
    return NGINX.format("".join(f'<a href="{name}">{name}</a>\r\n' for name in names))


@pytest.mark.parametrize(
    "body", [listed("public/", "artisan", ".env"), listed("index.php"), APACHE]
)
def test_fires_on_the_files_of_an_application(body: str) -> None:
    (claim,) = judge(CHECK, page(200, body))
    assert claim.severity is Severity.WARNING
    assert claim.facts["files"]
    assert claim.facts["files"] != ("public/",)


def test_notes_a_folder_of_downloads() -> None:
    (claim,) = judge(CHECK, page(200, listed("debian-13.iso", "SHA256SUMS")))
    assert claim.severity is None
    assert claim.facts["files"] == ()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "<title>Shop</title><a href='index.php'>Home</a>"),
        (200, "<title>Index of terms</title><a href='index.html'>a</a>"),
        (403, listed("index.php")),
    ],
)
def test_silent_on_pages(status: int, body: str) -> None:
    assert not judge(CHECK, page(status, body))
