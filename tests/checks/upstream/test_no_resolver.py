from diagnose.model import Confidence, Edit, Manual
from diagnose.model.upstream import ServerNames
from tests.support.check_evidence import judge
from tests.support.upstreams import PAGE, WELL, line, proxied

CHECK = "upstream.no-resolver"
SET = "\n        set $app app.internal;"
TARGET = "http://$app:3000"
NAMES = ServerNames(resolvers=("203.0.113.1", "2001:db8::53"))
SAID = line("no resolver defined to resolve app.internal", "")


def test_fires_and_names_the_machine_s_own_resolvers() -> None:
    (claim,) = judge(CHECK, NAMES, SAID, PAGE, proxied(TARGET, more=SET))
    assert claim.facts["name"] == "app.internal"
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        resolver 203.0.113.1 [2001:db8::53] valid=30s;" in edit.diff


def test_fires_without_a_log_and_without_an_answer() -> None:
    (claim,) = judge(CHECK, proxied("http://app.internal:3000$request_uri"))
    assert claim.confidence is Confidence.LIKELY


def test_fires_and_adds_no_resolver_for_a_name_in_the_hosts_file() -> None:
    names = ServerNames(resolvers=("203.0.113.1",), written=("app.internal",))
    (claim,) = judge(CHECK, names, PAGE, proxied(TARGET, more=SET))
    assert claim.fix
    step = claim.fix.steps[0]
    assert isinstance(step, Manual)
    assert step.step == "a-fixed-name"


def test_silent_with_a_resolver() -> None:
    assert not judge(CHECK, PAGE, proxied(TARGET, more=f"{SET} resolver 203.0.113.1;"))


def test_silent_for_an_address_a_group_and_a_name_known_from_elsewhere() -> None:
    address = "\n        set $app 127.0.0.1;"
    assert not judge(CHECK, PAGE, proxied(TARGET, more=address))
    group = "upstream app.internal { server 127.0.0.1:3000; }\n"
    assert not judge(CHECK, PAGE, proxied("http://$app", group, SET))
    other = "server { location / { proxy_pass http://app.internal:3000; } }\n"
    assert not judge(CHECK, PAGE, proxied(TARGET, other, SET))


def test_silent_without_a_variable_and_where_the_page_comes() -> None:
    assert not judge(CHECK, PAGE, proxied("http://app.internal:3000"))
    assert not judge(CHECK, WELL, proxied(TARGET, more=SET))
