from dataclasses import replace

from diagnose.model import Applicability, Command, Confidence, Edit, Failure, Severity
from diagnose.model.nginx import UpstreamTry
from diagnose.model.server import Listener, Listeners
from diagnose.model.symptom import Symptom
from diagnose.model.unread_configs import UnreadConfig
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.caddy.sites import listens_of
from tests.support.caddy_evidence import CADDY, sites
from tests.support.check_evidence import REFUSED, SHOP, judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import TEXT
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.nginx_evidence import LOADED, RUNNING, SITE, config
from tests.support.report_builder import ANSWER

CHECK = "server.config-not-read"
UNAVAILABLE = replace(ANSWER, status=502)
NODE = Listeners(sockets=(Listener(address="127.0.0.1", port=3000, family=4, process="node"),))
OLD = SITE.replace("127.0.0.1:3000", "127.0.0.1:3001")
DOWN = UpstreamTry(
    target="http://127.0.0.1:3001", host="127.0.0.1", port=3001, address="127.0.0.1",
    failure=REFUSED,
)  # fmt: skip
UNREAD = UnreadConfig(
    product="nginx",
    path="/usr/local/nginx/conf/nginx.conf",
    file="/usr/local/nginx/conf/vhost/shop.conf",
    line=12,
    target="http://127.0.0.1:3000",
    host="127.0.0.1",
    port=3000,
    changed=LOADED + 60,
)
CADDYFILE = replace(
    UNREAD, product="caddy", path="/etc/caddy/Caddyfile", file="/etc/caddy/Caddyfile",
    load=("caddy", "reload", "--config", "/etc/caddy/Caddyfile"),
    start=("caddy", "start", "--config", "/etc/caddy/Caddyfile"), replaces=True,
)  # fmt: skip
NO_EFFECT = replace(SHOP, symptom=Symptom("not-loaded", "my changes have no effect"))


def _given_to_caddy() -> WebServerConfig:
    """What its API got, or its command line: no file has it."""
    own = sites("shop.example.com", dial="127.0.0.1:3001")
    return WebServerConfig(product="caddy", path="", sites=own, listens=listens_of(own))


def test_fires_where_the_newer_file_of_nginx_names_the_application_that_listens() -> None:
    (claim,) = judge(CHECK, RUNNING, config(OLD), DOWN, NODE, UNAVAILABLE, UNREAD)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["other_place"] == "/usr/local/nginx/conf/vhost/shop.conf:12"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_pass http://127.0.0.1:3000;" in edit.diff


def test_silent_where_the_file_in_the_usual_place_is_older() -> None:
    left = replace(UNREAD, changed=LOADED - 3600)
    assert not judge(CHECK, RUNNING, config(OLD), DOWN, NODE, UNAVAILABLE, left)
    unknown = replace(UNREAD, changed=None)
    assert not judge(CHECK, RUNNING, config(OLD), DOWN, NODE, UNAVAILABLE, unknown)


def test_silent_where_nothing_listens_at_its_address_either() -> None:
    assert not judge(CHECK, RUNNING, config(OLD), DOWN, Listeners(), UNAVAILABLE, UNREAD)


def test_silent_where_the_application_of_the_server_that_answers_is_reached() -> None:
    up = replace(DOWN, failure=None)
    assert not judge(CHECK, RUNNING, config(OLD), up, NODE, UNAVAILABLE, UNREAD)
    assert not judge(CHECK, RUNNING, config(OLD), DOWN, NODE, ANSWER, UNREAD)


def test_fires_after_a_message_that_a_change_has_no_effect() -> None:
    up = replace(DOWN, failure=None)
    (claim,) = judge(CHECK, RUNNING, config(OLD), up, NODE, ANSWER, UNREAD, target=NO_EFFECT)
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, Severity.WARNING)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_for_haproxy_with_the_edit_of_the_file_that_it_has() -> None:
    used = haproxy_config(TEXT.replace(":3000", ":3001"))
    used = replace(used, files=tuple(replace(file, changed=LOADED) for file in used.files))
    (claim,) = judge(
        CHECK, HAPROXY, used, NODE, replace(UNAVAILABLE, status=503),
        replace(UNREAD, product="haproxy"),
    )  # fmt: skip
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)


def test_fires_for_caddy_that_runs_with_what_its_api_got() -> None:
    resumed = replace(CADDY, config="", test=(), reload=(), unit="")
    used = _given_to_caddy()
    (claim,) = judge(CHECK, resumed, used, NODE, UNAVAILABLE, CADDYFILE)
    assert claim.fix
    (command,) = claim.fix.steps
    assert getattr(command, "argv", ()) == CADDYFILE.load


def test_fires_for_a_caddyfile_in_a_persons_folder_that_leads_elsewhere() -> None:
    missing, used = replace(UNAVAILABLE, status=404), _given_to_caddy()
    both = Listeners(sockets=(*NODE.sockets, replace(NODE.sockets[0], port=3001)))
    unread = replace(CADDYFILE, path="/home/deploy/Caddyfile", file="/home/deploy/Caddyfile")
    (claim,) = judge(CHECK, CADDY, used, both, missing, unread)
    assert claim.facts["copied"]
    assert claim.fix
    argvs = [step.argv for step in claim.fix.steps if isinstance(step, Command)]
    assert argvs[:2] == [
        ("cp", "-p", "/etc/caddy/Caddyfile", "/etc/caddy/Caddyfile.before-copy"),
        ("cp", "/home/deploy/Caddyfile", "/etc/caddy/Caddyfile"),
    ]
    assert not judge(CHECK, CADDY, used, NODE, replace(missing, status=200), unread)
    assert not judge(CHECK, CADDY, used, both, missing, replace(unread, port=3001))
    assert not judge(CHECK, CADDY, used, both, missing, replace(unread, changed=1.0))


def test_a_person_writes_it_where_a_copy_or_another_address_takes_what_others_use() -> None:
    """The used file has other sites; or the used application has the other paths."""
    missing, used = replace(UNAVAILABLE, status=404), _given_to_caddy()
    both = Listeners(sockets=(*NODE.sockets, replace(NODE.sockets[0], port=3001)))
    path = "/home/deploy/Caddyfile"
    own = replace(CADDYFILE, path=path, file=path, replaces=False)
    balancer = haproxy_config(TEXT.replace(":3000", ":3001"))
    balancer = replace(
        balancer, files=tuple(replace(file, changed=LOADED) for file in balancer.files)
    )
    resumed = replace(CADDY, config="", test=(), reload=(), unit="")
    for seen in (
        (CADDY, used, both, missing, own),
        (HAPROXY, balancer, both, missing, replace(UNREAD, product="haproxy")),
        (resumed, used, NODE, UNAVAILABLE, own),
    ):
        (claim,) = judge(CHECK, *seen)
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL
        assert not claim.facts["copied"]


def test_fires_for_a_command_of_caddy_that_is_its_configuration() -> None:
    words = "caddy reverse-proxy --from shop.example.com --to 127.0.0.1:3001"
    given = replace(
        CADDY, config="", test=(), reload=(), start=(), stop=("kill", "-TERM", "10"), unit="",
        arguments=words,
    )  # fmt: skip
    used = _given_to_caddy()
    (claim,) = judge(CHECK, given, used, NODE, UNAVAILABLE, CADDYFILE)
    assert claim.facts["command"] == words
    assert claim.fix
    argvs = [step.argv for step in claim.fix.steps if isinstance(step, Command)]
    assert argvs == [given.stop, CADDYFILE.start]
    by_unit = replace(given, unit="proxy")
    (claim,) = judge(CHECK, by_unit, used, NODE, UNAVAILABLE, CADDYFILE)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_without_the_configuration_that_is_used() -> None:
    assert not judge(CHECK, NODE, UNAVAILABLE, UNREAD)
    assert not judge(CHECK, NODE, UNAVAILABLE, CADDYFILE)
    failed = replace(UNREAD, failure=Failure("denied", "Permission denied", 13))
    assert not judge(CHECK, RUNNING, config(OLD), DOWN, NODE, UNAVAILABLE, failed)
