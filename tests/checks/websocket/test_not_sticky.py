import json
from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Command, Confidence, Edit, Manual
from diagnose.model.applications import ReadSetting
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.caddy_evidence import SITE as CADDY_SITE
from tests.support.check_evidence import CHAT, judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import TEXT as HAPROXY_TEXT
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.web_server_evidence import APACHE, HTTPS, MODULES, apache_config
from tests.support.websocket_evidence import upgrade

UNKNOWN = '{"code":1,"message":"Session ID unknown"}'


def test_fires_where_a_session_just_opened_is_unknown() -> None:
    (claim,) = judge(
        "websocket.not-sticky",
        upgrade(101, accepted=True),
        upgrade(101, "session", accepted=True),
        upgrade(400, "session", body=UNKNOWN),
        target=CHAT,
    )
    assert (claim.facts["lost"], claim.facts["tried"]) == (1, 2)
    assert claim.confidence is Confidence.LIKELY


def test_fires_less_surely_on_a_session_that_was_given() -> None:
    (claim,) = judge("websocket.not-sticky", upgrade(400, body=UNKNOWN), target=CHAT)
    assert claim.confidence is Confidence.POSSIBLE


def test_silent_where_every_session_is_found_again() -> None:
    assert not judge(
        "websocket.not-sticky",
        upgrade(101, accepted=True),
        upgrade(101, "session", accepted=True),
        target=CHAT,
    )


def test_silent_on_other_errors() -> None:
    other = upgrade(400, body='{"code":0,"message":"Transport unknown"}')
    assert not judge("websocket.not-sticky", other, target=CHAT)


LOST = replace(upgrade(400, "session", body=UNKNOWN), path="/ws")
GROUP = "upstream app { server 127.0.0.1:3001; server 127.0.0.1:3002; }\n"


def site(group: str) -> str:
    return group + SITE.replace("127.0.0.1:3000", "app")


def test_fires_for_sure_where_a_group_takes_turns() -> None:
    (claim,) = judge("websocket.not-sticky", config(site(GROUP)), BUILD, RUNNING, LOST, target=CHAT)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "ip_hash;" in edit.diff
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_to_be_thought_over_behind_a_cdn() -> None:
    """All visitors come from a few addresses then."""
    lost = replace(LOST, headers=(("Via", "1.1 edge"),))
    (claim,) = judge("websocket.not-sticky", config(site(GROUP)), BUILD, RUNNING, lost, target=CHAT)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


@pytest.mark.parametrize(
    "group",
    [
        GROUP.replace("{ server", "{ ip_hash; server"),
        GROUP.replace("server 127.0.0.1:3002;", ""),
        GROUP.replace("3002;", "3002 backup;"),
    ],
    ids=["sticky already", "one server", "ip_hash allows no backup"],
)
def test_leaves_the_group_alone_where(group: str) -> None:
    (claim,) = judge("websocket.not-sticky", config(site(group)), LOST, target=CHAT)
    assert claim.fix
    assert not any(isinstance(step, Edit) for step in claim.fix.steps)


def test_takes_the_place_of_another_method() -> None:
    text = site(GROUP.replace("{ server", "{ least_conn; server"))
    (claim,) = judge("websocket.not-sticky", config(text), BUILD, RUNNING, LOST, target=CHAT)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+upstream app { ip_hash; server" in edit.diff
    assert claim.fix.applicability is Applicability.REVIEW


TURNS = HAPROXY_TEXT + "    server b 127.0.0.1:3001 check\n"


def test_fires_for_sure_where_the_servers_of_haproxy_take_turns() -> None:
    check = "websocket.not-sticky"
    (claim,) = judge(check, HAPROXY, haproxy_config(TURNS), LOST, target=CHAT)
    assert (claim.confidence, claim.facts["group"]) == (Confidence.CERTAIN, "app")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert " backend app\n+    balance source\n" in edit.diff
    chosen = TURNS.replace("backend app\n", "backend app\n    balance leastconn\n")
    (claim,) = judge(check, HAPROXY, haproxy_config(chosen), LOST, target=CHAT)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


@pytest.mark.parametrize("line", ["balance source", "cookie SERVER insert", "stick on src"])
def test_fires_less_surely_where_haproxy_keeps_a_client_on_its_server(line: str) -> None:
    text = TURNS.replace("backend app\n", f"backend app\n    {line}\n")
    (claim,) = judge("websocket.not-sticky", HAPROXY, haproxy_config(text), LOST, target=CHAT)
    assert (claim.confidence, claim.facts["group"]) == (Confidence.LIKELY, "")


NO_CONNECTION = "No Connection with that ID"


def test_fires_where_signalr_loses_a_connection_of_this_run() -> None:
    lost = replace(LOST, status=404, body=NO_CONNECTION)
    found = config(site(GROUP)), BUILD, RUNNING
    (claim,) = judge("websocket.not-sticky", *found, lost, target=CHAT)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["signalr"]
    assert claim.facts["answer"] == NO_CONNECTION


def test_silent_where_only_the_id_that_was_given_has_ended() -> None:
    found = upgrade(101, "session", accepted=True)
    assert not judge("websocket.not-sticky", upgrade(400, body=UNKNOWN), found, target=CHAT)
    given = upgrade(404, body=NO_CONNECTION)
    assert not judge("websocket.not-sticky", given, target=CHAT)
    assert not judge("websocket.not-sticky", given, found, target=CHAT)


GONE = "No Connection with that ID"
BY_SIGNALR = (upgrade(404, body=GONE), upgrade(404, "session", body=GONE))


def test_silent_where_the_one_application_opens_the_same() -> None:
    direct = upgrade(101, accepted=True, through="application")
    assert not judge("websocket.not-sticky", *BY_SIGNALR, direct, target=CHAT)
    assert judge("websocket.not-sticky", *BY_SIGNALR, target=CHAT)


def test_fires_on_workers_of_one_application_which_lose_sessions_at_times() -> None:
    direct = upgrade(101, accepted=True, through="application")
    seen = (upgrade(101, accepted=True), upgrade(400, "session", body=UNKNOWN), direct)
    assert judge("websocket.not-sticky", *seen, target=CHAT)


def test_silent_where_nginx_loses_the_upgrade_of_signalr() -> None:
    group = "upstream app { server 127.0.0.1:3001; server 127.0.0.1:3002; }\n"
    lines = group + SITE.replace("http://127.0.0.1:3000", "http://app")
    direct = upgrade(101, accepted=True, through="application")
    seen = (*BY_SIGNALR, direct, BUILD, RUNNING)
    assert not judge("websocket.not-sticky", *seen, config(lines), target=CHAT)
    upgraded = lines.replace(
        "proxy_set_header Host $host;",
        "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;"
        ' proxy_set_header Connection "upgrade";',
    )
    assert judge("websocket.not-sticky", *seen, config(upgraded), target=CHAT)


APACHE_GROUP = """\
<Proxy "balancer://app">
    BalancerMember http://127.0.0.1:3001
    BalancerMember http://127.0.0.1:3002
</Proxy>
"""
APACHE_TEXT = APACHE_GROUP + HTTPS.replace("ws://127.0.0.1:3000/ws", "balancer://app/ws")


def apache_claim(text: str, *modules: str) -> Claim:
    names = (*(modules or MODULES), "proxy_balancer")
    (claim,) = judge(
        "websocket.not-sticky", APACHE, apache_config(text, modules=names), LOST, target=CHAT
    )
    return claim


def test_fires_for_sure_where_the_members_of_apache_take_turns() -> None:
    claim = apache_claim(APACHE_TEXT)
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["kind"], claim.facts["group"]) == ("Proxy", "balancer://app")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    BalancerMember http://127.0.0.1:3002 route=2\n" in edit.diff
    assert "+    ProxySet stickysession=ROUTEID\n" in edit.diff


def test_loads_the_module_for_the_cookie_of_apache() -> None:
    claim = apache_claim(APACHE_TEXT, "ssl", "proxy", "proxy_http")
    assert claim.fix
    command, edit, *_ = claim.fix.steps
    assert isinstance(command, Command)
    assert command.argv == ("a2enmod", "headers")
    assert isinstance(edit, Edit)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (":3001", ":3001 route=a"),
        ('<Proxy "balancer://app">', '<Proxy "balancer://app" x>'),
    ],
)
def test_leaves_the_balancer_of_apache_alone(old: str, new: str) -> None:
    claim = apache_claim(APACHE_TEXT.replace(old, new, 1))
    assert claim.fix
    assert not any(isinstance(step, Edit) for step in claim.fix.steps)


def test_fires_less_surely_where_apache_has_a_cookie() -> None:
    sticky = APACHE_TEXT.replace("</Proxy>", "    ProxySet stickysession=NODE\n</Proxy>")
    assert apache_claim(sticky).confidence is Confidence.LIKELY


def caddy_claim(block: str) -> Claim:
    text = CADDY_SITE.replace("127.0.0.1:3000", f"127.0.0.1:3001 127.0.0.1:3002{block}")
    dials = [{"dial": f"127.0.0.1:{port}"} for port in (3001, 3002)]
    tree = json.dumps(document("shop.example.com")).replace(
        '[{"dial": "127.0.0.1:3000"}]', json.dumps(dials)
    )
    configuration = caddy_config(text, json.loads(tree))
    (claim,) = judge("websocket.not-sticky", CADDY, configuration, LOST, target=CHAT)
    return claim


@pytest.mark.parametrize("block", ["", " {\n\t\tflush_interval -1\n\t}"])
def test_fires_for_sure_where_the_applications_of_caddy_take_turns(block: str) -> None:
    claim = caddy_claim(block)
    assert (claim.confidence, claim.facts["kind"]) == (Confidence.CERTAIN, "reverse_proxy")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+\t\tlb_policy cookie\n" in edit.diff
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_takes_the_place_of_a_policy_of_caddy() -> None:
    claim = caddy_claim(" {\n\t\tlb_policy round_robin\n\t}")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-\t\tlb_policy round_robin\n+\t\tlb_policy cookie\n" in edit.diff
    assert claim.fix.applicability is Applicability.REVIEW


@pytest.mark.parametrize("line", ["lb_policy ip_hash", "lb_policy cookie lb", "import balance"])
def test_fires_less_surely_where_caddy_may_keep_a_client(line: str) -> None:
    assert caddy_claim(f" {{\n\t\t{line}\n\t}}").confidence is Confidence.LIKELY


def test_a_program_with_several_workers_gets_one() -> None:
    lost = replace(LOST, body="Invalid session")
    read = ReadSetting(
        application="gunicorn", topic="workers", key="--workers", source="argument",
        file="/etc/systemd/system/chat.service", number=7, line="ExecStart=gunicorn --workers 3 a",
        new="ExecStart=gunicorn --workers 1 a", unit="chat.service",
    )  # fmt: skip
    (claim,) = judge("websocket.not-sticky", lost, read, target=CHAT)
    assert claim.facts["answer"] == "Invalid session"
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert claim.fix.applicability is Applicability.REVIEW
    (claim,) = judge("websocket.not-sticky", lost, target=CHAT)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)
