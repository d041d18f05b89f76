"""nginx.precompressed-outdated: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Confidence, Severity, commands
from diagnose.model.site_folders import PrecompressedFile
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config

CHECK = "nginx.precompressed-outdated"
SITE = config("server { listen 443 ssl; server_name shop.example.com; root /srv; gzip_static on; }")
COPY = PrecompressedFile(
    url="https://shop.example.com/app.js", path="/srv/app.js", copy_path="/srv/app.js.gz",
    older_by=7200, differs=True,
)  # fmt: skip


def test_fires_on_another_content() -> None:
    (claim,) = judge(CHECK, RUNNING, SITE, COPY, masked=False)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.location
    assert (claim.facts["copy"], claim.facts["minutes"]) == ("/srv/app.js.gz", 120)
    assert claim.facts["command"] == "gzip -9 -k -f /srv/app.js"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert claim.fix.steps[0] == commands.compress(
        ("gzip", "-9", "-k", "-f", "/srv/app.js"), "/srv/app.js.gz"
    )


def test_fires_as_a_note_where_the_content_is_not_known() -> None:
    copy = replace(COPY, copy_path="/srv/app.js.br", differs=None)
    (claim,) = judge(CHECK, RUNNING, SITE, copy, masked=False)
    assert (claim.severity, claim.confidence) == (Severity.NOTE, Confidence.POSSIBLE)
    assert claim.facts["command"] == "brotli -k -f /srv/app.js"


def test_silent_without_an_older_copy() -> None:
    assert not judge(CHECK, RUNNING, SITE)
