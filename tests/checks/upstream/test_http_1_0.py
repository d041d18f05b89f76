"""upstream.http-1-0: an application that serves HTTP/1.1 only."""

from dataclasses import replace

from diagnose.model import Applicability, Edit
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import compared, controlled, page

CHECK = "upstream.http-1-0"
REFUSED = compared(426)
NEWER = compared(200, "version", change="replaced", original="1.0", value="1.1")


def test_fires_without_a_version_and_with_the_wrong_one() -> None:
    pass_line = "        proxy_pass http://127.0.0.1:3000;\n"
    written = SITE.replace(pass_line, f"{pass_line}        proxy_http_version 1.0;\n")
    for text, configured in ((SITE, False), (written, True)):
        (claim,) = judge(
            CHECK, config(text), BUILD, RUNNING, page(426), *controlled(REFUSED, NEWER)
        )
        assert claim.facts["configured"] is configured
        assert claim.fix
        assert claim.fix.applicability is Applicability.AUTOMATIC
        edit = claim.fix.steps[0]
        assert isinstance(edit, Edit)
        assert "+        proxy_http_version 1.1;\n" in edit.diff


def test_silent_where_it_is_refused_over_both() -> None:
    assert not judge(CHECK, config(), page(426), *controlled(REFUSED, replace(NEWER, status=426)))
