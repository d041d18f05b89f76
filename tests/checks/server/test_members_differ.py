"""server.members-differ: one member of a group has the page, another has not."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from diagnose.model import Claim, Command, Edit, Failure, Manual
from diagnose.model.backends import MemberAnswer
from diagnose.model.web_servers import ServerFile, WebServer, WebServerConfig
from tests.support.check_evidence import judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.members-differ"
SERVES = MemberAnswer(member="127.0.0.1:3000", path="/", status=200, connected=True)
FAILS = replace(SERVES, member="127.0.0.1:3001", status=404)
REFUSED = replace(FAILS, status=None, connected=False, failure=Failure("refused", "no"))
CONFIG = apache_config(
    '<Proxy "balancer://app">\n    BalancerMember "http://127.0.0.1:3000"\n'
    '    BalancerMember "http://127.0.0.1:3001"\n</Proxy>\n'
    + HTTPS.replace("/ http://127.0.0.1:3000/", "/ balancer://app/")
)


def other(product: str, text: str) -> tuple[WebServer, WebServerConfig]:
    server = replace(APACHE, product=product)  # type: ignore[arg-type]
    file = ServerFile("/etc/x.conf", text)
    return server, replace(CONFIG, product=product, files=(file,))  # type: ignore[arg-type]


def edit_of(claims: Sequence[Claim]) -> str:
    (claim,) = claims
    step = claim.fix.steps[0] if claim.fix else None
    assert isinstance(step, Manual)
    steps = step.commands
    assert isinstance(steps[0], Edit)
    assert isinstance(steps[1], Command)
    return steps[0].diff


def test_fires_when_one_member_has_no_page() -> None:
    (claim,) = judge(CHECK, APACHE, CONFIG, SERVES, FAILS, ANSWER)
    assert claim.facts["failing"] == ("127.0.0.1:3001 (404)",)
    assert '+    BalancerMember "http://127.0.0.1:3001" status=+D' in edit_of([claim])


@pytest.mark.parametrize(
    ("product", "line", "new"),
    [
        (
            "haproxy",
            "    server app2 127.0.0.1:3001 check",
            "+    server app2 127.0.0.1:3001 check disabled",
        ),
        (
            "haproxy",
            "    server app2 127.0.0.1:3001 # old",
            "+    server app2 127.0.0.1:3001 disabled # old",
        ),
        ("caddy", "\treverse_proxy :3000 {\n\t\tto :3001\n", "-\t\tto :3001\n"),
        ("caddy", "\treverse_proxy 127.0.0.1:3000 :3001 {", "+\treverse_proxy 127.0.0.1:3000 {"),
        (
            "caddy",
            "\treverse_proxy localhost:3001 localhost:3000",
            "+\treverse_proxy localhost:3000",
        ),
    ],
)
def test_fires_and_takes_the_member_out(product: str, line: str, new: str) -> None:
    server, config = other(product, f"{line}\n")
    assert new in edit_of(judge(CHECK, server, config, SERVES, FAILS, ANSWER))


def test_a_member_that_another_site_has_too_is_not_taken_out() -> None:
    text = "\treverse_proxy :3000 :3001\n}\nold.example.com {\n\treverse_proxy :3001\n}\n"
    server, config = other("caddy", text)
    (claim,) = judge(CHECK, server, config, SERVES, FAILS, ANSWER)
    step = claim.fix.steps[0] if claim.fix else None
    assert isinstance(step, Manual)
    assert not step.commands


def test_fires_for_a_refused_member_of_caddy_alone() -> None:
    server, config = other("caddy", "\treverse_proxy 127.0.0.1:3000 127.0.0.1:3001\n")
    (claim,) = judge(CHECK, server, config, SERVES, REFUSED, ANSWER)
    assert claim.facts["refused"]
    assert not judge(CHECK, APACHE, CONFIG, SERVES, REFUSED, ANSWER)
    # What this run met itself has a check of its own.
    assert not judge(CHECK, server, config, SERVES, REFUSED, replace(ANSWER, status=502))


def test_silent_when_all_answer_alike_or_refuse_the_visitor() -> None:
    assert not judge(CHECK, APACHE, CONFIG, SERVES, replace(FAILS, status=302), ANSWER)
    assert not judge(CHECK, APACHE, CONFIG, replace(SERVES, status=404), FAILS, ANSWER)
    assert not judge(CHECK, APACHE, CONFIG, SERVES, replace(FAILS, status=401), ANSWER)
