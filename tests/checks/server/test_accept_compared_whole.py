"""server.accept-compared-whole: a type that is looked for in the whole field."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Edit
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.symptoms import symptom_of
from tests.support import caddy_evidence, haproxy_evidence
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.accept-compared-whole"
TYPE = "application/activity+json"
TOLD = f"curl -H 'Accept: {TYPE}, text/html;q=0.1' answers HTML"
WEIGHED = f"curl -H 'Accept: {TYPE};q=0.9, text/html;q=0.1' answers HTML"
RULE = r"    RewriteCond %{{HTTP_ACCEPT}} {}" + "\n    RewriteRule ^ /data [L]\n    ProxyPass /ws"
WHOLE = HTTPS.replace("    ProxyPass /ws", RULE.format(r"^application/activity\+json$"))
INSIDE = HTTPS.replace("    ProxyPass /ws", RULE.format(r"application/activity\+json"))
MATCHER = caddy_evidence.SITE.replace("reverse_proxy", "@a header Accept {}\n\treverse_proxy", 1)


def told(message: str, server: WebServer, config: WebServerConfig) -> list[Claim]:
    symptom = symptom_of(message)
    assert symptom
    return judge(CHECK, server, config, target=replace(SHOP, symptom=symptom), masked=False)


def haproxy(line: str) -> WebServerConfig:
    head = "    default_backend"
    text = haproxy_evidence.TEXT
    assert head in text
    return haproxy_evidence.config(text.replace(head, f"    acl data {line}\n{head}", 1))


def added(claims: list[Claim]) -> str:
    (claim,) = claims
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


def test_fires_for_each_server() -> None:
    assert r"+    RewriteCond %{HTTP_ACCEPT} application/activity\+json" in added(
        told(TOLD, APACHE, apache_config(WHOLE))
    )
    caddy = caddy_evidence.caddy_config(MATCHER.replace("{}", TYPE))
    assert f"*{TYPE}*" in added(told(TOLD, caddy_evidence.CADDY, caddy))
    whole = haproxy(f"req.fhdr(accept) -i {TYPE}")
    assert "-m sub -i" in added(told(TOLD, haproxy_evidence.SERVER, whole))


def test_fires_for_a_value_with_a_weight() -> None:
    by_item = haproxy(f"hdr(accept) -i {TYPE}")
    assert added(told(WEIGHED, haproxy_evidence.SERVER, by_item))
    assert not told(TOLD, haproxy_evidence.SERVER, by_item)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (f"curl -H 'Accept: {TYPE}' answers HTML", WHOLE),
        ("curl -H 'Accept: text/csv, text/html' answers HTML", WHOLE),
        ("The page is white", WHOLE),
        (TOLD, INSIDE),
        (TOLD, HTTPS),
    ],
)
def test_silent_where_the_comparison_takes_it_or_is_none(message: str, text: str) -> None:
    symptom = symptom_of(message)
    target = replace(SHOP, symptom=symptom)
    assert not judge(CHECK, APACHE, apache_config(text), target=target, masked=False)


def test_silent_where_another_line_looks_inside() -> None:
    both = MATCHER.replace("{}", f"{TYPE}\n\t@b header Accept *{TYPE}*")
    assert not told(TOLD, caddy_evidence.CADDY, caddy_evidence.caddy_config(both))
