"""http.request-part-refused: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence, Symptom, Target
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.model.other_requests import ToldAnswer, ToldDifference
from tests.checks.nginx.test_rule_refuses import refused_page
from tests.checks.server.test_agent_refused import site
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import config
from tests.support.web_server_evidence import APACHE, apache_config

HEAD = ToldDifference("method", "", "HEAD")
FRENCH = ToldDifference("language", "accept-language", "fr")
URL = "https://shop.example.com/"


def answer(status: int, *differences: ToldDifference) -> ToldAnswer:
    return ToldAnswer(
        url=URL, address="192.0.2.1", port=443, differences=differences, status=status
    )


def target(text: str) -> Target:
    return Target("", "https", "shop.example.com", 443, symptom=Symptom("status", text, 403))


TOLD = target("HEAD requests get 403")


def test_fires_on_a_method_that_is_refused() -> None:
    told = answer(403, HEAD), answer(200)
    (claim,) = judge("http.request-part-refused", *told, target=TOLD)
    assert (claim.facts["method"], claim.facts["value"]) == (True, "HEAD")
    assert claim.confidence is Confidence.LIKELY
    (claim,) = judge(
        "http.request-part-refused", *told, answer(200), answer(403, HEAD), target=TOLD
    )
    assert claim.confidence is Confidence.CERTAIN


def test_fires_on_the_part_that_decides_alone() -> None:
    told = (
        answer(403, HEAD, FRENCH),
        *(answer(200, HEAD), answer(403, FRENCH)),
        *(answer(200), answer(200), answer(403, FRENCH)),
    )
    text = "map $http_accept_language $lang {\n"
    config = NginxConfig(path="/etc/nginx/a", files=(ConfigFile("/etc/nginx/a", text),))
    (claim,) = judge("http.request-part-refused", *told, config, target=TOLD)
    assert claim.facts["value"] == "fr"
    assert claim.facts["lines"] == ("/etc/nginx/a:1: map $http_accept_language $lang {",)
    assert claim.confidence is Confidence.CERTAIN


def test_silent_if_the_request_is_answered_or_the_site_fails_without_it_too() -> None:
    for told in (
        (answer(200, HEAD),),
        (answer(403, HEAD), answer(403)),
        (answer(403, HEAD),),
        # Two machines answer in turn, and one of them fails.
        (answer(403, HEAD), answer(200), answer(403)),
        (answer(403, HEAD), answer(200), answer(200), answer(200, HEAD)),
    ):
        assert not judge("http.request-part-refused", *told, target=TOLD)


def test_silent_if_the_message_tells_of_another_status() -> None:
    told = replace(answer(405, HEAD)), answer(200)
    assert not judge("http.request-part-refused", *told, target=TOLD)


def test_takes_out_the_rule_of_nginx_that_decides() -> None:
    agent = ToldDifference("agent", "user-agent", "Mozilla/5.0 (iPhone) diagnose/1")
    rule = "if ($http_user_agent ~* iphone) { rewrite ^/$ /m/index.html last; }"
    state, text, answered = refused_page(rule, 200)
    told = answer(404, agent), answer(200)
    phone = target("on the iPhone 404 appears")
    (claim,) = judge(
        "http.request-part-refused", state, text, answered, *told, target=phone, masked=False
    )
    (step,) = claim.fix.steps if claim.fix else ()
    assert "- if ($http_user_agent ~* iphone)" in str(getattr(step, "commands", ()))


def test_takes_out_the_rule_of_apache_that_decides() -> None:
    agent = ToldDifference("agent", "user-agent", "Mozilla/5.0 (Linux; Android 10; K) diagnose/1")
    rules = (
        "    RewriteEngine On\n"
        "    RewriteCond %{HTTP_USER_AGENT} (Android|iPhone) [NC]\n"
        "    RewriteRule ^/$ /m/ [R=302,L]\n"
    )
    told = replace(answer(404, agent), led_to=f"{URL}m/"), answer(200)
    seen = APACHE, apache_config(site(rules)), *told
    phone = target("on my phone 404 appears")
    (claim,) = judge("http.request-part-refused", *seen, target=phone, masked=False)
    (step,) = claim.fix.steps if claim.fix else ()
    assert "-    RewriteCond %{HTTP_USER_AGENT} (Android|iPhone) [NC]" in str(
        getattr(step, "commands", ())
    )


def test_takes_out_the_row_of_a_map_that_decides() -> None:
    agent = ToldDifference("language", "accept-language", "fr")
    state, _, answered = refused_page("", 200)
    server = (
        "server { listen 443 ssl; server_name shop.example.com;\n"
        " rewrite ^/$ /$lang/index.html last; root /srv; }\n"
    )
    table = "map $http_accept_language $lang {\n default en;\n ~*^de de;\n ~*^fr fr;\n}\n"
    told = answer(404, agent), answer(200)
    french = target("404 pour les navigateurs en français")
    seen = state, config(table + server), answered, *told
    (claim,) = judge("http.request-part-refused", *seen, target=french, masked=False)
    (step,) = claim.fix.steps if claim.fix else ()
    assert "- ~*^fr fr;" in str(getattr(step, "commands", ()))


def test_a_condition_goes_whose_variable_has_another_value_before() -> None:
    agent = ToldDifference("agent", "user-agent", "Mozilla/5.0 (iPhone) diagnose/1")
    phones = "if ($http_user_agent ~* iphone) { set $mobile 1; }"
    state, text, answered = refused_page(f"set $mobile 0;\n {phones}", 200)
    told = answer(404, agent), answer(200)
    phone = target("on the iPhone 404 appears")
    (claim,) = judge("http.request-part-refused", state, text, answered, *told, target=phone)
    assert claim.facts["typed"]


@pytest.mark.parametrize(
    "rule",
    [
        # Without it nginx knows no variable $mobile.
        "if ($http_user_agent ~* iphone) { set $mobile 1; }\n if ($mobile) { return 404; }",
        # It answers otherwise: another program's 404.
        "if ($http_user_agent ~* iphone) { return 403; }",
    ],
)
def test_no_condition_is_taken_out_that_does_not_decide_or_is_needed(rule: str) -> None:
    agent = ToldDifference("agent", "user-agent", "Mozilla/5.0 (iPhone) diagnose/1")
    state, text, answered = refused_page(rule, 200)
    told = answer(404, agent), answer(200)
    phone = target("on the iPhone 404 appears")
    (claim,) = judge("http.request-part-refused", state, text, answered, *told, target=phone)
    assert not claim.facts["typed"]


def test_a_rule_of_apache_with_another_condition_stays() -> None:
    agent = ToldDifference("agent", "user-agent", "Mozilla/5.0 (Linux; Android 10; K) diagnose/1")
    both = "RewriteCond %{HTTP_USER_AGENT} Android\nRewriteCond %{REQUEST_URI} ^/private\n"
    either = "RewriteCond %{HTTP_USER_AGENT} Android [OR]\nRewriteCond %{REQUEST_URI} ^/private\n"
    for conditions, is_typed in ((both, False), (either, True)):
        rules = f"RewriteEngine On\n{conditions}RewriteRule ^ - [F]\n"
        told = answer(403, agent), answer(200)
        seen = APACHE, apache_config(site(rules)), *told
        phone = target("on my phone 403 appears")
        (claim,) = judge("http.request-part-refused", *seen, target=phone)
        assert claim.facts["typed"] is is_typed
