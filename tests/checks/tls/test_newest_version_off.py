"""tls.newest-version-off: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence, Symptom
from tests.support.certificates import leaf
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, config
from tests.support.tls_evidence import OWN, changes, shake, with_line

CHECK = "tls.newest-version-off"
VISIT = shake(chain=(leaf(),), protocol="TLSv1.2")
NEW = "ssl_protocols TLSv1.2 TLSv1.3;"
MISSED = Symptom("tls-version", "Nginx 配置 TLSv1.3 没有生效")
MISSES = replace(SHOP, symptom=MISSED)
REFUSED = Symptom("tls-parameters", "tlsv1 alert protocol version")


def first(line: str) -> str:
    """Another site's block, which comes before the site's own, with this line."""
    other = OWN.replace("shop.example.com", "blog.example.com").removesuffix("}\n")
    return f"{other}    {line}\n}}\n"


def test_fires_where_the_default_server_of_the_port_overrules_the_site() -> None:
    text = first("ssl_protocols TLSv1.2;") + with_line(NEW)
    (claim,) = judge(CHECK, VISIT, RUNNING, config(text), target=MISSES)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["other"] == "blog.example.com"
    assert changes(claim).split("\n") == ["-    ssl_protocols TLSv1.2;", f"+    {NEW}"]


def test_fires_where_an_older_nginx_overrules_it_by_its_default() -> None:
    old = replace(BUILD, version="nginx/1.18.0")
    text = first("ssl_session_timeout 5m;") + with_line(NEW)
    (claim,) = judge(CHECK, VISIT, RUNNING, config(text), old, target=MISSES)
    assert changes(claim) == f"+    {NEW}"
    (claim,) = judge(CHECK, VISIT, RUNNING, config(text), BUILD, target=MISSES)
    assert not changes(claim)


@pytest.mark.parametrize(
    ("symptom", "confidence"),
    [(MISSED, Confidence.CERTAIN), (REFUSED, Confidence.POSSIBLE)],
)
def test_fires_where_somebody_misses_it(symptom: Symptom, confidence: Confidence) -> None:
    target = replace(SHOP, symptom=symptom)
    site = config(with_line("ssl_protocols TLSv1.2;"))
    (claim,) = judge(CHECK, VISIT, RUNNING, site, target=target)
    assert claim.confidence is confidence
    assert f"+    {NEW}" in changes(claim)


def test_that_a_version_is_refused_makes_it_likely_where_the_site_allows_it() -> None:
    text = first("ssl_protocols TLSv1.2;") + with_line(NEW)
    target = replace(SHOP, symptom=REFUSED)
    (claim,) = judge(CHECK, VISIT, RUNNING, config(text), target=target)
    assert claim.confidence is Confidence.LIKELY


def test_a_line_of_openssl_is_changed_by_a_person() -> None:
    line = "ssl_conf_command MaxProtocol TLSv1.2;"
    (claim,) = judge(CHECK, VISIT, RUNNING, config(with_line(line)), target=MISSES)
    assert not changes(claim)


def test_without_a_view_of_the_server_or_with_an_old_nginx_a_person_decides() -> None:
    (claim,) = judge(CHECK, VISIT, target=MISSES)
    assert claim.facts["place"] == ""
    old = replace(BUILD, version="nginx/1.10.3")
    site = config(with_line("ssl_protocols TLSv1.2;"))
    (claim,) = judge(CHECK, VISIT, RUNNING, site, old, target=MISSES)
    assert not changes(claim)


def test_silent_where_nobody_misses_it() -> None:
    for text in (
        with_line("ssl_protocols TLSv1.2;"),
        first("ssl_protocols TLSv1.2;") + with_line("ssl_protocols TLSv1.2;"),
        first("ssl_protocols TLSv1.2;") + with_line(NEW),
    ):
        assert not judge(CHECK, VISIT, RUNNING, config(text))


def test_silent_where_tls_1_3_is_on() -> None:
    text = first("ssl_protocols TLSv1.2;") + with_line(NEW)
    assert not judge(CHECK, shake(chain=(leaf(),)), RUNNING, config(text), target=MISSES)


def test_silent_where_the_words_are_about_older_clients() -> None:
    words = Symptom("tls-parameters", "TLSv1.1 client: unsupported protocol, TLSv1.3 works")
    target = replace(SHOP, symptom=replace(words, kind="certificate"))
    site = config(with_line("ssl_protocols TLSv1.2;"))
    assert not judge(CHECK, VISIT, RUNNING, site, target=target)
