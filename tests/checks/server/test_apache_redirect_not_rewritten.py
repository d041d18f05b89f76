from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit, Failure
from diagnose.model.http import Exchange
from diagnose.parsers.symptoms import symptom_of
from tests.support.caddy_evidence import CADDY
from tests.support.check_evidence import SHOP, judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.apache-redirect-not-rewritten"
LINE = "    ProxyPass / http://127.0.0.1:3000/\n"
BALANCER = HTTPS.replace(
    LINE,
    "    <Proxy balancer://cluster>\n        BalancerMember http://serverA:8081\n"
    "        BalancerMember http://serverB:8082 route=b\n    </Proxy>\n"
    "    ProxyPass / balancer://cluster/ stickysession=ID\n",
)


def redirect(location: str) -> Exchange:
    return replace(ANSWER, status=302, headers=(("Location", location),))


def test_fires_for_the_address_of_the_application() -> None:
    answer = redirect("http://127.0.0.1:3000/login")
    (claim,) = judge(CHECK, APACHE, apache_config(), answer, masked=False)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ProxyPassReverse / http://127.0.0.1:3000/\n" in edit.diff


def test_fires_for_a_member_of_a_balancer_and_names_all_of_them() -> None:
    answer = redirect("http://serverB:8082/dir/")
    (claim,) = judge(CHECK, APACHE, apache_config(BALANCER), answer, masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ProxyPassReverse / http://serverA:8081/\n" in edit.diff
    assert "+    ProxyPassReverse / http://serverB:8082/\n" in edit.diff


def test_writes_neither_a_slash_that_the_path_lacks_nor_a_path_in_a_section() -> None:
    section = "    <Location /app>\n        ProxyPass http://127.0.0.1:3000\n    </Location>\n"
    target = replace(SHOP, path="/app/x")
    answer = replace(redirect("http://127.0.0.1:3000/login"), url=target.url)
    config = apache_config(HTTPS.replace(LINE, section))
    (claim,) = judge(CHECK, APACHE, config, answer, target=target, masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        ProxyPassReverse http://127.0.0.1:3000\n" in edit.diff


def test_silent_where_the_line_stands_there_or_apache_compares_nothing() -> None:
    """ProxyPassReverse compares whole URLs: not a Location without its scheme."""
    written = HTTPS.replace(LINE, f"{LINE}    ProxyPassReverse / http://127.0.0.1:3000/\n")
    answer = redirect("http://127.0.0.1:3000/login")
    assert not judge(CHECK, APACHE, apache_config(written), answer, masked=False)
    bare = redirect("//127.0.0.1:3000/login")
    assert not judge(CHECK, APACHE, apache_config(), bare, masked=False)


def test_silent_for_another_address_or_another_server() -> None:
    for location in (
        "https://shop.example.com/login",
        "/login",
        "http://127.0.0.1:4000/login",
        "https://login.example.org/",
    ):
        assert not judge(CHECK, APACHE, apache_config(), redirect(location))
    assert not judge(CHECK, CADDY, apache_config(), redirect("http://127.0.0.1:3000/login"))
    assert not judge(CHECK, APACHE, apache_config(BALANCER), redirect("http://serverC:8081/"))


def test_silent_where_visitors_reach_the_destination() -> None:
    public = apache_config(HTTPS.replace("http://127.0.0.1:3000", "http://app.example.org"))
    answer = redirect("http://app.example.org/login")
    followed = replace(
        ANSWER,
        url="http://app.example.org/login",
        address="203.0.113.20",
        port=80,
        purpose="redirect",
        redirected_from=ANSWER.url,
    )
    assert not judge(CHECK, APACHE, public, answer)
    assert not judge(CHECK, APACHE, public, answer, followed)
    failed = replace(followed, status=None, failure=Failure("refused", "connection refused"))
    assert judge(CHECK, APACHE, public, answer, failed)
    # Visitors of a private network may reach its addresses.
    private = apache_config(HTTPS.replace("127.0.0.1:3000", "10.0.0.5:3000"))
    own = replace(redirect("http://10.0.0.5:3000/login"), address="10.0.0.4")
    assert not judge(CHECK, APACHE, private, own)
    assert judge(CHECK, APACHE, private, redirect("http://10.0.0.5:3000/login"))


def test_fires_for_the_redirect_after_a_login_of_which_a_person_tells() -> None:
    def told(words: str, text: str = HTTPS) -> list[Claim]:
        target = replace(SHOP, symptom=symptom_of(words))
        return judge(CHECK, APACHE, apache_config(text), ANSWER, target=target, masked=False)

    for words in (
        "after login I am redirected to http://127.0.0.1:3000/app/home",
        "ログインすると http://127.0.0.1:3000/app/home にリダイレクトされます",
        "nach dem Login werde ich auf http://127.0.0.1:3000/app weitergeleitet",
    ):
        (claim,) = told(words)
        assert (claim.confidence, claim.facts["told"]) == (Confidence.LIKELY, True)
        assert claim.fix
        assert claim.fix.applicability is Applicability.AUTOMATIC
        written = HTTPS.replace(LINE, f"{LINE}    ProxyPassReverse / http://127.0.0.1:3000/\n")
        assert not told(words, written)
    assert not told("after login I am redirected to http://127.0.0.1:8080/app/home")
    assert not told("links in mails point to http://127.0.0.1:3000/app/home")


@pytest.mark.parametrize(
    ("rule", "written"),
    [
        ("^/app/(.*)$ http://127.0.0.1:3000/$1", "/app/ http://127.0.0.1:3000/"),
        ("^/app(.*) http://127.0.0.1:3000/inner$1", "/app http://127.0.0.1:3000/inner"),
        ("^/?app/(.+)$ http://127.0.0.1:3000/inner/$1", "/app/ http://127.0.0.1:3000/inner/"),
        ("^/(.*)$ http://127.0.0.1:3000/$1", "/ http://127.0.0.1:3000/"),
    ],
)
def test_fires_for_a_rule_that_hands_the_rest_on(rule: str, written: str) -> None:
    lines = f"    RewriteEngine On\n    RewriteRule {rule} [P,L]\n"
    target = replace(SHOP, path="/app/x")
    answer = replace(redirect("http://127.0.0.1:3000/inner/login"), url=target.url)
    config = apache_config(HTTPS.replace(LINE, lines))
    (claim,) = judge(CHECK, APACHE, config, answer, target=target, masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+    ProxyPassReverse {written}\n </VirtualHost>" in edit.diff
    mended = apache_config(HTTPS.replace(LINE, f"{lines}    ProxyPassReverse {written}\n"))
    assert not judge(CHECK, APACHE, mended, answer, target=target, masked=False)


@pytest.mark.parametrize("rule", ["^/app/(.*)/(.*)$ http://127.0.0.1:3000/$2", "^/app/x$ /y"])
def test_silent_for_a_rule_whose_addresses_are_not_known(rule: str) -> None:
    lines = f"    RewriteEngine On\n    RewriteRule {rule} [P,L]\n"
    target = replace(SHOP, path="/app/x")
    answer = replace(redirect("http://127.0.0.1:3000/login"), url=target.url)
    config = apache_config(HTTPS.replace(LINE, lines))
    assert not judge(CHECK, APACHE, config, answer, target=target, masked=False)
