"""The line by which HAProxy lets browsers ask again for pages."""

import pytest

from checks.server import server_on_port
from checks.server._page_asked_again import asked_again_fix
from tests.support import haproxy_evidence
from tests.support.check_evidence import evidence

VALUE = "public, max-age=31536000"


@pytest.mark.parametrize(
    ("rest", "is_written"),
    [
        ("", True),
        (" # for a year", True),
        (" if { path_beg /assets/ }", False),
        (" unless { res.hdr(content-type) -m beg text/html }", False),
    ],
)
def test_a_line_for_all_responses_spares_pages(rest: str, is_written: bool) -> None:
    line = f'    http-response set-header Cache-Control "{VALUE}"{rest}\n'
    text = haproxy_evidence.TEXT.replace("    default_backend", f"{line}    default_backend")
    view = server_on_port(evidence(haproxy_evidence.SERVER, haproxy_evidence.config(text)))
    assert view
    assert bool(asked_again_fix(view, "/", "/assets/a.js", [VALUE])) is is_written
