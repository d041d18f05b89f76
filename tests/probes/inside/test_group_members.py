"""Each member of a group is asked where the page failed, or fails at times."""

import asyncio
from dataclasses import replace
from typing import Any

from diagnose.model.backends import MemberAnswer
from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from diagnose.model.web_servers import ServerFile
from diagnose.probes.inside import backend_hosts as probes
from tests.probes.inside.test_backend_schemes import Application
from tests.support.fake_context import Looking
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

PAGE = Exchange(
    url="https://shop.example.com/", address="203.0.113.10", port=443, status=200, purpose="target"
)
GROUP = (
    '<Proxy "balancer://app">\n    BalancerMember "http://127.0.0.1:3000"\n'
    '    BalancerMember "http://127.0.0.1:3001"\n</Proxy>\n'
)
CONFIG = apache_config(GROUP + HTTPS.replace("/ http://127.0.0.1:3000/", "/ balancer://app/"))
AT_TIMES = Symptom("sometimes", "it fails every second time")
HAPROXY = """\
frontend https
    mode http
    bind :443 ssl crt /etc/ssl/shop.pem
    default_backend app
backend app
    mode http
    server a 127.0.0.1:3000
    server b 127.0.0.1:3001
    server c 127.0.0.1:3002 backup
"""


def ask(page: Exchange, symptom: Symptom | None = None, config: Any = CONFIG) -> list[str]:
    looking: Any = Looking(Application())
    looking.target = replace(looking.target, symptom=symptom)
    looking.observations += [replace(APACHE, product=config.product), config]
    probe: Any = probes.members_of_page
    asyncio.run(probe.work(looking, looking.emit(page), config))
    return [answer.member for answer in looking.observed(MemberAnswer)]


def test_members_are_asked_after_a_failure_or_with_a_message() -> None:
    both = ["127.0.0.1:3000", "127.0.0.1:3001"]
    assert ask(replace(PAGE, status=404)) == ask(replace(PAGE, status=500)) == both
    assert ask(PAGE, AT_TIMES) == both


def test_members_are_left_alone_where_the_page_came_or_there_is_one() -> None:
    assert ask(PAGE) == ask(PAGE, Symptom("slow", "it is slow")) == []
    assert ask(replace(PAGE, status=403)) == []
    assert ask(replace(PAGE, status=404), config=apache_config()) == []


def test_servers_of_haproxy_are_its_members_without_its_backup() -> None:
    route = replace(CONFIG.sites[0].routes[-1], members=(), target="app", scheme="http", path="/")
    site = replace(CONFIG.sites[0], routes=(route,))
    config = replace(
        CONFIG, product="haproxy", sites=(site,), files=(ServerFile("/etc/haproxy.cfg", HAPROXY),)
    )
    assert ask(PAGE, AT_TIMES, config) == ["127.0.0.1:3000", "127.0.0.1:3001"]
