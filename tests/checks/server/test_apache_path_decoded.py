"""server.apache-path-decoded: a rule with [P] or ProxyPass without nocanon, and an encoded path."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit, Observation
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange
from diagnose.model.logs import ServerRequestError
from diagnose.model.server_rules import AnsweringRule
from tests.support.check_evidence import SHOP, judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, MODULES, apache_config
from tests.support.websocket_evidence import upgrade

CHECK = "server.apache-path-decoded"
PATH = "/cool/https%3A%2F%2Fshop.example.com%2Findex.php%3Ftoken%3DX/ws"
ASKED = replace(SHOP, websockets=(PATH,))
RULE = 'RewriteRule ^/(.*) "ws://127.0.0.1:3000/$1" [P,L]'
LINES = f"""    AllowEncodedSlashes NoDecode
    RewriteEngine On
    RewriteCond %{{HTTP:Upgrade}} websocket [NC]
    RewriteCond %{{HTTP:Connection}} upgrade [NC]
    {RULE}
"""
SITE = HTTPS.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", LINES).replace(
    ":3000/\n", ":3000/ nocanon\n"
)
VISIT = BackendVisit(
    target="ws://127.0.0.1:3000/$1", requested=PATH, path=PATH, websocket=True, accepted=True,
    status=101,
)  # fmt: skip
REFUSED = replace(upgrade(403), path=PATH)
# As httpd 2.4.71 wrote it.
ERROR = ServerRequestError(
    product="apache",
    log="/var/log/apache2/error.log",
    reason="logged",
    code="AH10508",
    message="AH10508: Unsafe URL with %3f URL rewritten without UnsafeAllow3F",
)


def claims(
    *observations: Observation, site: str = SITE, apache: Observation = APACHE
) -> list[Claim]:
    modules = (*MODULES, "proxy_wstunnel")
    return list(
        judge(CHECK, apache, apache_config(site, modules=modules), *observations, target=ASKED)
    )


def test_fires_for_a_rule_and_lets_proxypass_take_its_place() -> None:
    """Issue 834 of nextcloud/all-in-one."""
    (claim,) = claims(VISIT, REFUSED, ERROR)
    assert claim.confidence is Confidence.CERTAIN
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    removed = [line for line in edit.diff.split("\n") if line.startswith("-  ")]
    assert [line.split()[1] for line in removed] == [
        "RewriteCond", "RewriteCond", "RewriteRule", "ProxyPass",
    ]  # fmt: skip
    assert "+    ProxyPass / http://127.0.0.1:3000/ nocanon upgrade=websocket\n" in edit.diff


def test_fires_as_likely_where_the_application_refuses_what_it_gets() -> None:
    """An older Apache passes the decoded path on, and logs nothing."""
    (claim,) = claims(VISIT, replace(upgrade(400), path=PATH))
    assert claim.confidence is Confidence.LIKELY


def test_fires_for_a_person_where_proxypass_has_no_upgrade() -> None:
    (claim,) = claims(VISIT, REFUSED, apache=replace(APACHE, version="2.4.41"))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def page_claims(site: str, *observations: Observation, path: str = "/g%2Fp") -> list[Claim]:
    target = replace(SHOP, path=path)
    page: Exchange = replace(ANSWER, status=404, url=target.url)
    visit = BackendVisit(target="http://127.0.0.1:3000/", requested=path, path=path, status=200)
    seen = (APACHE, apache_config(site), page, visit, *observations)
    return list(judge(CHECK, *seen, target=target))


def test_fires_for_a_page_behind_proxypass_without_nocanon() -> None:
    (claim,) = page_claims(HTTPS)
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert (
        "+    AllowEncodedSlashes NoDecode\n"
        "+    ProxyPass / http://127.0.0.1:3000/ nocanon\n" in edit.diff
    )


@pytest.mark.parametrize(
    ("line", "new"),
    [
        ("    ProxyPass / http://127.0.0.1:3000/\n",
         "+    ProxyPass /group/ http://127.0.0.1:3000/group/ nocanon\n"),
        ("    <Location /group/>\n    ProxyPass http://127.0.0.1:3000/group/\n    </Location>\n",
         "+    ProxyPass http://127.0.0.1:3000/group/ nocanon\n"),
    ],
    ids=["line", "section"],
)  # fmt: skip
def test_fires_for_a_folder_behind_proxypass_without_nocanon(line: str, new: str) -> None:
    """https://github.com/yamcs/yamcs/issues/793."""
    own = "    ProxyPass / http://127.0.0.1:3000/\n"
    to_folder = own.replace("/ http", "/group/ http").replace("3000/", "3000/group/")
    site = HTTPS.replace(own, to_folder if line == own else line)
    path = "/group/a%2Fproject"
    visit = BackendVisit(
        target="http://127.0.0.1:3000/group/", requested=path, path=path, status=200
    )
    (claim,) = page_claims(site, visit, path=path)
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "+    AllowEncodedSlashes NoDecode\n" in edit.diff
    assert new in edit.diff


def test_silent_where_the_path_is_plain_or_passed_on_unchanged() -> None:
    assert not page_claims(HTTPS, path="/group/project")
    assert not page_claims(HTTPS.replace(":3000/\n", ":3000/ nocanon\n"))


@pytest.mark.parametrize(
    "observations",
    [
        (replace(VISIT, accepted=False, status=400), REFUSED),
        (REFUSED,),
        (VISIT, replace(upgrade(502), path=PATH)),
        (VISIT, replace(upgrade(101, accepted=True), path=PATH)),
    ],
    ids=["refused directly", "not asked", "another fault", "opens"],
)
def test_silent_without_the_proof(observations: tuple[Observation, ...]) -> None:
    assert not claims(*observations)


def test_silent_where_another_rule_refuses_the_path() -> None:
    rule = AnsweringRule("/g%2Fp", 404, rule="RedirectMatch 404 ^/g")
    target = replace(SHOP, path="/g%2Fp")
    page: Exchange = replace(ANSWER, status=404, url=target.url)
    visit = BackendVisit(
        target="http://127.0.0.1:3000/", requested="/g%2Fp", path="/g%2Fp", status=200
    )
    config = replace(apache_config(HTTPS), rules=(rule,))
    assert not judge(CHECK, APACHE, config, page, visit, target=target)


SIGNED = "/io/files/Report%20%2B%20notes%20%5B1%5D.txt"
SPELLED = "/io/files/Report%20+%20notes%20%5B1%5D.txt"


def signed(*observations: Observation, site: str = HTTPS) -> list[Claim]:
    target = replace(SHOP, path=SIGNED)
    page = replace(ANSWER, url=target.url, status=403)
    return list(judge(CHECK, APACHE, apache_config(site), page, *observations, target=target))


def visited(path: str, status: int) -> BackendVisit:
    return BackendVisit(
        target="http://127.0.0.1:3000/", requested=SIGNED, path=path, websocket=False, status=status
    )


def test_fires_where_the_application_refuses_apaches_spelling() -> None:
    """Issue 162 of pydio/cells: the signature is that of an address with %2B."""
    (claim,) = signed(visited(SIGNED, 200), visited(SPELLED, 403))
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["encoded"], claim.facts["spelled"]) == ("%2B", SPELLED)
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "+    ProxyPass / http://127.0.0.1:3000/ nocanon\n" in edit.diff
    assert "AllowEncodedSlashes" not in edit.diff
    (claim,) = signed(visited(SIGNED, 200))
    assert claim.confidence is Confidence.LIKELY


def test_silent_where_apache_leaves_the_path_or_the_application_takes_neither() -> None:
    assert not signed(visited(SIGNED, 403), visited(SPELLED, 403))
    kept = HTTPS.replace(":3000/\n", ":3000/ nocanon\n")
    assert not signed(visited(SIGNED, 200), site=kept)


def test_fires_and_changes_the_line_that_counts_for_encoded_slashes() -> None:
    old = "    ProxyPass / http"
    line = "    AllowEncodedSlashes On\n"
    (claim,) = page_claims(HTTPS.replace(old, f"{line}{old}"))
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "-    AllowEncodedSlashes On\n" in edit.diff
    assert edit.diff.count("+    AllowEncodedSlashes NoDecode") == 1
