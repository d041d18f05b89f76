from dataclasses import replace

from diagnose.model import Applicability, Claim, Confidence, Edit
from diagnose.model.http import BrowserVisit
from diagnose.model.requests import ComparedRequest
from tests.support.check_evidence import SHOP, judge
from tests.support.upstream_evidence import compared
from tests.support.web_server_evidence import APACHE, HTTPS, MODULES, apache_config

CHECK = "server.apache-substitute-compressed"
LINE = '    Substitute "s|http://a|https://b|n"\n'
COMPRESSED = BrowserVisit(
    url=SHOP.url, address="203.0.113.10", port=443, status=200,
    headers=(("Content-Encoding", "gzip"),),
)  # fmt: skip
DIRECT = replace(compared(200, "field", "Accept-Encoding", value="gzip"), coding="gzip")


def put(
    lines: str,
    visit: BrowserVisit = COMPRESSED,
    direct: ComparedRequest = DIRECT,
    modules: tuple[str, ...] = MODULES,
) -> list[Claim]:
    text = HTTPS.replace("    ProxyPass / ", f"{lines}    ProxyPass / ")
    return judge(CHECK, APACHE, apache_config(text, modules=modules), visit, direct, masked=False)


def test_fires_and_asks_for_no_compression() -> None:
    for line in (LINE, "    ProxyHTMLURLMap http://a https://b\n"):
        (claim,) = put(line)
        assert claim.confidence is Confidence.CERTAIN
        assert claim.fix
        assert claim.fix.applicability is Applicability.REVIEW
        edit = claim.fix.steps[0]
        assert isinstance(edit, Edit)
        assert "\n+    RequestHeader unset Accept-Encoding\n" in edit.diff
    (claim,) = put(f"    <Location />\n    {LINE}    </Location>\n")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "\n+        RequestHeader unset" in edit.diff


def test_without_the_module_a_person_does_it() -> None:
    (claim,) = put(LINE, modules=("ssl", "proxy", "proxy_http"))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_apache_compresses_or_takes_it_off() -> None:
    assert not put(LINE, direct=replace(DIRECT, coding=""))
    assert not put(LINE, replace(COMPRESSED, headers=()))
    assert not put("")
    assert not put(f"    SetOutputFilter INFLATE;SUBSTITUTE;DEFLATE\n{LINE}")
    assert not put(f"    RequestHeader unset Accept-Encoding\n{LINE}")
    assert not put(f"    <Location /other>\n    {LINE}    </Location>\n")
