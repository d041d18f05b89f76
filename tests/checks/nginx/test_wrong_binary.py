from dataclasses import replace

from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Host,
    Manual,
    ServiceManager,
    Vantage,
)
from diagnose.model.http import Exchange
from diagnose.model.nginx import ConfigFile, NginxProcess, NginxState
from diagnose.model.server import Listener, Listeners
from diagnose.model.tcp import Connection
from diagnose.model.unread_configs import OtherConfig
from diagnose.parsers.nginx import config as nginx_parser
from tests.support.check_evidence import REFUSED, judge
from tests.support.nginx_evidence import BUILD, SITE, config, nginx_says

CHECK = "nginx.wrong-binary"
OWN = "/usr/local/nginx/sbin/nginx"
WELCOME = "server { listen 80; root /srv; }\n"
STATE = NginxState(
    installed=True,
    masters=(NginxProcess(pid=7, binary=OWN),),
    programs=("/usr/sbin/nginx", OWN),
)
PLAIN = Listener(address="0.0.0.0", port=80, family=4, pid=7, process="nginx")
LISTENING = Listeners(sockets=(PLAIN,))
TRIED = Connection(address="203.0.113.10", family=4, port=443, failure=REFUSED)
SHOP = SITE.replace("certificate shop", "certificate /etc/ssl/shop").replace(
    "key shop", "key /etc/ssl/shop"
)
OWN_BUILD = replace(BUILD, binary=OWN, arguments=("--pid-path=/run/nginx.pid",))
SEEN = (nginx_says(), config(WELCOME), OWN_BUILD, STATE, LISTENING, TRIED)


def other_config(site: str = SHOP, more: str = "") -> OtherConfig:
    main, file = "/opt/nginx/nginx.conf", "/opt/nginx/conf.d/shop.conf"
    whole = f"http {{\n{more}include {file};\n}}\n"
    trees = {main: nginx_parser.parse(whole, main), file: nginx_parser.parse(site, file)}
    return OtherConfig(
        binary="/usr/sbin/nginx",
        path=main,
        on_path=True,
        main=nginx_parser.expand(main, trees, {file: (file,)}),
        files=(ConfigFile(main, whole), ConfigFile(file, site)),
    )


def with_port_80(site: str = SHOP) -> str:
    return site + "server { listen 80; server_name shop.example.com; }\n"


def first(claim: Claim) -> object:
    return claim.fix.steps[0] if claim.fix else None


def test_fires_and_lets_the_one_that_runs_read_the_file() -> None:
    (claim,) = judge(CHECK, *SEEN, other_config(with_port_80()))
    assert claim.facts["place"] == "/opt/nginx/conf.d/shop.conf:1"
    assert claim.facts["on_path"]
    assert claim.confidence is Confidence.CERTAIN
    step = first(claim)
    assert isinstance(step, Edit)
    assert "+include /opt/nginx/conf.d/shop.conf;" in step.diff


def test_fires_and_starts_the_other_where_its_ports_are_free() -> None:
    (claim,) = judge(CHECK, *SEEN, other_config())
    steps = claim.fix.steps if claim.fix else ()
    assert [step.argv for step in steps if isinstance(step, Command)] == [
        ("/usr/sbin/nginx", "-t"),
        ("/usr/sbin/nginx",),
    ]


def test_fires_and_is_sure_where_both_can_run_at_a_time() -> None:
    def how(pid: str, manager: ServiceManager = "none") -> Applicability:
        host = Host(vantage=Vantage.SERVER, hostname="shop", manager=manager)
        found = other_config()
        main = (*nginx_parser.parse(f"pid {pid};", found.path), *found.main)
        (claim,) = judge(CHECK, *SEEN, host, replace(found, main=main))
        assert claim.fix
        return claim.fix.applicability

    (claim,) = judge(CHECK, *SEEN, other_config())
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW  # where its number goes is not known
    assert how("/run/shop.pid") is Applicability.AUTOMATIC
    assert how("/var/run/nginx.pid") is Applicability.REVIEW
    assert how("/run/shop.pid", "systemd") is Applicability.REVIEW


def test_fires_and_leaves_to_a_person_what_does_not_stand_alone() -> None:
    for site, more in (
        (with_port_80(SITE), ""),
        (with_port_80(SHOP.replace("127.0.0.1:3000", "shop_app")), "upstream shop_app { }\n"),
    ):
        (claim,) = judge(CHECK, *SEEN, other_config(site, more))
        assert isinstance(first(claim), Manual)
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL


def test_fires_less_surely_by_nginxs_own_page() -> None:
    page = Exchange(
        url="https://shop.example.com/", address="203.0.113.10", port=443, status=200,
        body="<title>Welcome to nginx!</title>",
    )  # fmt: skip
    running = config("server { listen 443 ssl; root /srv; }\n")
    https = Listeners(sockets=(PLAIN, replace(PLAIN, port=443)))
    (claim,) = judge(CHECK, nginx_says(), running, BUILD, STATE, https, page, other_config())
    assert claim.confidence is Confidence.LIKELY
    assert not judge(
        CHECK,
        nginx_says(),
        running,
        BUILD,
        STATE,
        https,
        replace(page, body="Shop"),
        other_config(),
    )


def test_silent_when_the_one_that_runs_has_the_name() -> None:
    assert not judge(CHECK, nginx_says(), config(), BUILD, STATE, LISTENING, TRIED, other_config())


def test_silent_when_the_other_knows_nothing_of_the_site() -> None:
    assert not judge(
        CHECK, *SEEN, other_config(SHOP.replace("shop.example.com", "blog.example.com"))
    )


def test_silent_when_another_program_has_the_port() -> None:
    caddy = Listeners(sockets=(PLAIN, replace(PLAIN, port=443, process="caddy")))
    assert not judge(CHECK, *SEEN[:4], caddy, other_config())


def test_silent_when_no_nginx_runs() -> None:
    assert not judge(CHECK, *SEEN[:3], replace(STATE, masters=()), LISTENING, TRIED, other_config())
