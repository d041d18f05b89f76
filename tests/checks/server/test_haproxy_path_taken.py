from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Edit
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

CHECK = "server.haproxy-path-taken"
STATS = "<html><head><title>Statistics Report for HAProxy</title>"
READY = "<html><body><h1>200 OK</h1>\nService ready.\n</body></html>\n"
REALM = (("WWW-Authenticate", 'Basic realm="HAProxy Statistics"'),)


def claims(
    line: str, body: str, path: str = "/", text: str = TEXT, status: int = 200
) -> list[Claim]:
    text = text.replace("    bind :443", f"    {line}\n    bind :443")
    headers = REALM if status == 401 else ()
    answer = page(status, url=f"https://shop.example.com{path}", body=body, headers=headers)
    target = replace(SHOP, path=path)
    return list(judge(CHECK, SERVER, config(text), answer, target=target, masked="?" not in path))


@pytest.mark.parametrize(
    ("line", "body", "path", "written"),
    [
        ("monitor-uri /", READY, "/", "monitor-uri /haproxy-alive"),
        ("stats uri /", STATS, "/", "stats uri /haproxy-stats"),
        ("stats uri /", STATS, "/shop/a", "stats uri /haproxy-stats"),
        ("stats uri /stat", STATS, "/statements", "stats uri /haproxy-stats"),
    ],
)
def test_fires_and_moves_haproxys_own_page(line: str, body: str, path: str, written: str) -> None:
    (claim,) = claims(line, body, path)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+    {written}\n" in edit.diff


def test_fires_where_the_statistics_ask_for_a_password() -> None:
    lines = "stats uri /\n    stats auth admin:secret"
    (claim,) = claims(lines, "", status=401)
    assert claim.facts["locked"] is True
    assert not claims("stats uri /", "", status=401)
    assert not claims(f"{lines}\n    http-request auth unless {{ http_auth(a) }}", "", status=401)


def test_fires_for_a_line_of_the_defaults() -> None:
    text = TEXT.replace("    mode http\n", "    mode http\n    stats uri /\n", 1)
    (claim,) = claims("# none", STATS, text=text)
    assert claim.facts["place"] == "/etc/haproxy/haproxy.cfg:5"


@pytest.mark.parametrize(
    ("line", "body", "path"),
    [
        ("monitor-uri /", "<h1>Shop</h1>", "/"),
        ("monitor-uri /alive", READY, "/alive"),
        ("stats uri /", "<h1>Shop</h1>", "/"),
        ("stats uri /haproxy", STATS, "/haproxy?stats"),
        ("stats uri /haproxy", STATS, "/haproxy"),
        ("stats uri /haproxy", STATS, "/haproxy/"),
        ("stats uri /haproxy", STATS, "/haproxy;csv"),
        ("stats enable", STATS, "/haproxy?stats"),
    ],
)
def test_silent_where_it_is_opened_by_its_name_or_the_site_answers(
    line: str, body: str, path: str
) -> None:
    assert not claims(line, body, path)


def test_silent_where_the_section_has_the_statistics_alone() -> None:
    text = TEXT.replace("    default_backend app\n", "")
    assert not claims("stats uri /", STATS, text=text)
