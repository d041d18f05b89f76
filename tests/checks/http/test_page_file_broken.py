"""http.page-file-broken: when it fires, and when it is silent."""

import pytest

from diagnose.model import Failure, Severity
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_evidence import answered, loads, module, script

CHECK = "http.page-file-broken"
CUT = Failure("protocol", "peer closed connection without sending complete message body")


def test_fires_on_a_file_that_is_cut() -> None:
    page = loads(module(), is_empty=True)
    (claim,) = judge(CHECK, page, answered(module(), failure=CUT, body_end="cut"))
    assert claim.facts["cut"]
    assert claim.severity is Severity.ERROR


def test_fires_on_a_wrong_coding() -> None:
    coded = answered(script(), headers=(("Content-Encoding", "gzip"),), coding_fault="invalid")
    (claim,) = judge(CHECK, loads(script()), coded)
    assert claim.facts["coding"] == "gzip"


def test_silent_on_a_good_file_and_on_one_that_was_not_read() -> None:
    assert not judge(CHECK, loads(script()), answered(script()))
    assert not judge(CHECK, loads(script()), answered(script(), body_end="unread"))
    timeout = answered(script(), failure=Failure("timeout", "timed out"))
    assert not judge(CHECK, loads(script()), timeout)


def test_fires_and_takes_the_line_out_that_names_the_coding() -> None:
    text = SITE.replace("proxy_pass http://127.0.0.1:3000;", "root /srv;").replace(
        "proxy_set_header Host $host;", "add_header Content-Encoding gzip;"
    )
    coded = answered(script(), headers=(("Content-Encoding", "gzip"),), coding_fault="invalid")
    (claim,) = judge(CHECK, RUNNING, config(text), loads(script()), coded, masked=False)
    assert claim.facts["line"] == "add_header Content-Encoding gzip"
    assert claim.fix
    assert "-        add_header Content-Encoding gzip;" in str(claim.fix.steps[0])


@pytest.mark.parametrize(
    ("path", "root", "fires"),
    [
        ("/Build/app.framework.js.gz", "root /srv;", True),
        ("/Build/app.data.gz", "root /srv;", False),
        ("/Build/app.framework.js.gz", "proxy_pass http://127.0.0.1:3000;", False),
        ("/js/app.js", "root /srv;", False),
        ("/Build/app.framework.js.gz", "root /srv; auth_basic x;", False),
    ],
)
def test_fires_and_says_what_a_compressed_file_is(path: str, root: str, fires: bool) -> None:
    """Unity's build, without the lines for its compressed files."""
    text = SITE.replace("proxy_pass http://127.0.0.1:3000;", root)
    file = script(path)
    seen = (RUNNING, config(text), loads(file), answered(file, coding_fault="unnamed"))
    (claim,) = judge(CHECK, *seen, masked=False)
    assert claim.facts["compressed"] is fires
    added = str(claim.fix.steps[0]) if claim.fix else ""
    assert ("default_type text/javascript;" in added) is fires
    assert (r"location ~ \.js\.gz$ {" in added.replace("\\\\", "\\")) is fires
