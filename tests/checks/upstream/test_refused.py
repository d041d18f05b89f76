from dataclasses import replace

import pytest

from checks.upstream._sole_programs import is_near
from diagnose.model import (
    Applicability,
    Claim,
    Edit,
    Manual,
    Observation,
    Severity,
    Unseen,
    Vantage,
)
from diagnose.model.applications import KnownApplication
from diagnose.model.backends import BackendVisit
from diagnose.model.containers import Container, ContainerPort, Containers
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import ConfigFile, UpstreamTry
from diagnose.model.pages import WebSocketPath
from diagnose.model.program_logs import SERVICES_LIST, StartFile
from diagnose.model.server import Interface, Listener, Listeners
from diagnose.model.upstream import UnixListeners
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.unknown_paths import unknown_path
from tests.support.check_evidence import REFUSED, SHOP, judge
from tests.support.nginx_evidence import FILE, RUNNING, SITE, config
from tests.support.page_errors import LOG_READ, RUN_BEGAN, logged, redirected

CHECK = "upstream.refused"
DOWN = UpstreamTry(
    target="http://127.0.0.1:3000",
    host="127.0.0.1",
    port=3000,
    address="127.0.0.1",
    failure=REFUSED,
    file=FILE,
    line=9,
)
UP = replace(DOWN, failure=None)


def test_fires_and_names_what_listens_instead() -> None:
    node = Listener(address="127.0.0.1", port=3001, family=4, process="node")
    (claim,) = judge(CHECK, DOWN, config(), Listeners(sockets=(node,)))
    assert claim.severity is None
    assert claim.facts["listening"] == ("node 3001",)
    assert claim.location
    assert claim.location.line == 9


def refused_port(port: int, path: str, *others: Observation) -> Claim:
    """The claim about a port that nginx passes this path on to."""
    site = SITE.replace("location / {", f"location {path} {{").replace(":3000", f":{port}")
    down = replace(DOWN, target=f"http://127.0.0.1:{port}", port=port)
    (claim,) = judge(CHECK, down, config(site), Listeners(), *others)
    return claim


def test_names_what_opens_a_port_of_a_known_application() -> None:
    """Issue 223 of Yenthe666/InstallScript: Odoo without workers has one port alone."""
    for path in ("/longpolling", "/longpolling/", "/websocket"):
        claim = refused_port(8072, path)
        assert (claim.facts["known"], claim.facts["own_port"]) == ("Odoo", 8072)
        assert "workers" in str(claim.facts["opened_by"])
    odoo = KnownApplication(id="odoo", name="Odoo", url="https://shop.example.com/web")
    assert refused_port(8072, "/longpolling", odoo).facts["known"] == "Odoo"
    assert refused_port(3012, "/notifications/hub").facts["known"] == "Vaultwarden"


def test_another_path_or_another_application_has_no_such_port() -> None:
    ntfy = KnownApplication(id="ntfy", name="ntfy", url="https://shop.example.com/")
    claims = (
        refused_port(8072, "/"), refused_port(8072, "/chat"), refused_port(8069, "/longpolling"),
        refused_port(8072, "/longpolling", ntfy),
    )  # fmt: skip
    assert {claim.facts["known"] for claim in claims} == {""}


def test_fires_and_names_the_other_address_of_the_port() -> None:
    sockets = (
        Listener(address="::1", port=3000, family=6, process="node"),
        Listener(address="0.0.0.0", port=22, family=4, process="sshd"),
    )
    (claim,) = judge(CHECK, DOWN, config(), Listeners(sockets=sockets))
    assert claim.facts["elsewhere"] == ("[::1]:3000",)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_pass http://[::1]:3000;" in edit.diff


def test_a_loopback_address_of_the_server_is_not_that_of_a_container() -> None:
    """Another program has it, and visitors would see that one's pages."""
    sockets = (Listener(address="127.0.0.1", port=3000, family=4, process="node"),)
    asked = replace(DOWN, target="http://172.17.0.2:3000", host="172.17.0.2", address="172.17.0.2")
    text = SITE.replace("127.0.0.1:3000", "172.17.0.2:3000")
    (claim,) = judge(CHECK, asked, config(text), Listeners(sockets=sockets), masked=False)
    assert claim.facts["elsewhere"] == ()
    assert claim.fix
    assert not any(isinstance(step, Edit) for step in claim.fix.steps)
    own = Interface(vantage=Vantage.SERVER, name="eth0", up=True, addresses=("172.17.0.2",))
    (claim,) = judge(CHECK, asked, config(text), Listeners(sockets=sockets), own, masked=False)
    assert claim.facts["elsewhere"] == ("127.0.0.1:3000",)


def test_fires_with_the_one_address_at_which_a_container_is_published() -> None:
    """The line of an upstream block is edited, and nothing where two addresses are open."""
    group = f"upstream app {{\n    server 127.0.0.1:3000;\n}}\n{SITE}".replace(
        "http://127.0.0.1:3000", "http://app"
    )
    proxy = Listener(address="192.0.2.10", port=3000, family=4, process="docker-proxy")
    (claim,) = judge(
        CHECK, replace(DOWN, target="http://app"), config(group), Listeners(sockets=(proxy,))
    )
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    server 192.0.2.10:3000;" in edit.diff
    both = Listeners(sockets=(proxy, replace(proxy, address="192.0.2.11")))
    (claim,) = judge(CHECK, DOWN, config(), both)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


ADMIN = "/admin/users"
HAS = BackendVisit(
    target="http://127.0.0.1:7001", requested=ADMIN, path=ADMIN, websocket=False, status=200,
    connected=True, accepted=False,
)  # fmt: skip
UNKNOWN = replace(HAS, path=unknown_path(ADMIN), status=404)
NODE = Listeners(sockets=(Listener(address="::", port=7001, family=6, process="node"),))


def refused_with(*visits: BackendVisit, more: str = "") -> Claim:
    text = SITE.replace("proxy_pass", f"{more}proxy_pass")
    (claim,) = judge(CHECK, DOWN, config(text), NODE, *visits, target=replace(SHOP, path=ADMIN))
    return claim


def test_fires_and_writes_the_port_of_the_only_program_that_has_the_path() -> None:
    claim = refused_with(HAS, UNKNOWN)
    assert (claim.facts["meant"], claim.facts["process"]) == ("127.0.0.1:7001", "node")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_pass http://127.0.0.1:7001;" in edit.diff
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_without_a_port_where_no_program_or_several_have_the_path() -> None:
    other = [replace(visit, target="http://127.0.0.1:7005") for visit in (HAS, UNKNOWN)]
    for visits in (
        [HAS],
        [HAS, replace(UNKNOWN, status=200)],
        [replace(HAS, status=404), UNKNOWN],
        [HAS, UNKNOWN, *other],
        [
            replace(HAS, requested="/users", path="/users"),
            replace(UNKNOWN, requested="/users", path=unknown_path("/users")),
        ],
    ):
        assert refused_with(*visits).facts["meant"] == ""
    proxied = "if ($a) { proxy_pass http://127.0.0.1:7001/; }\n "
    assert refused_with(HAS, UNKNOWN, more=proxied).facts["meant"] == ""


def test_fires_and_writes_the_port_of_another_location_whose_program_has_the_path() -> None:
    """A digit is wrong in one of two locations for the same program; an unnamed one comes first."""
    beside = "    location /b/ { proxy_pass http://127.0.0.1:7001; }\n    location"
    text, target = SITE.replace("    location", beside, 1), replace(SHOP, path=ADMIN)
    (claim,) = judge(CHECK, DOWN, config(text), NODE, HAS, UNKNOWN, target=target)
    assert claim.facts["meant"] == "127.0.0.1:7001"
    assert claim.facts["beside"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    other = text.replace("server_name shop", "server_name other") + SITE
    (claim,) = judge(CHECK, DOWN, config(other), NODE, HAS, UNKNOWN, target=target)
    assert claim.facts["meant"] == ""


OPENED = replace(HAS, requested="/ws", path="/ws", websocket=True, status=101, accepted=True)
CLOSED = replace(OPENED, path=unknown_path("/ws"), status=404, accepted=False)
BY_VARIABLE = """    location /ws {
        set $port %s;
        proxy_pass http://127.0.0.1:$port;
        proxy_set_header Upgrade $http_upgrade;
    }
    location / {"""


def test_fires_and_writes_the_port_of_the_program_that_opens_the_websocket() -> None:
    """Two locations name their servers by the same variables: one of them refuses."""
    text = SITE.replace("    location / {", BY_VARIABLE % 3000)
    text = text.replace("proxy_pass http://127.0.0.1:3000", "set $port 7001;\n proxy_pass")
    text = text.replace("proxy_pass;", "proxy_pass http://127.0.0.1:$port;")
    target = replace(SHOP, path="/ws")
    down = replace(DOWN, target="http://127.0.0.1:$port")
    up = replace(down, port=7001, failure=None, path="/")
    seen = (down, up, config(text), NODE)
    (claim,) = judge(CHECK, *seen, OPENED, CLOSED, target=target)
    assert claim.facts["meant"] == "127.0.0.1:7001"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        set $port 7001;" in edit.diff
    everywhere = replace(CLOSED, status=101, accepted=True)
    (claim,) = judge(CHECK, *seen, OPENED, everywhere, target=target)
    assert claim.facts["meant"] == ""


ROOT = replace(HAS, requested="/", path="/")


def refused_at_root(
    *visits: BackendVisit, text: str = SITE, process: str = "node", masked: bool = True
) -> Claim:
    sockets = [
        Listener(address="127.0.0.1", port=port, family=4, process=name)
        for port, name in ((7001, process), (9229, "node"), (5432, "postgres"), (443, "nginx"))
    ]
    sockets += [replace(sockets[0], port=7002)] if len(visits) > 1 else []
    listeners = Listeners(sockets=tuple(sockets))
    (claim,) = judge(CHECK, DOWN, config(text), listeners, *visits, masked=masked)
    return claim


def test_fires_and_writes_the_port_of_the_only_program_with_a_page() -> None:
    claim = refused_at_root(ROOT)
    assert (claim.facts["sole"], claim.facts["process"]) == ("127.0.0.1:7001", "node")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_pass http://127.0.0.1:7001;" in edit.diff
    assert claim.fix.applicability is Applicability.REVIEW
    silent = replace(ROOT, target="http://127.0.0.1:7002", status=404)
    assert refused_at_root(ROOT, silent).facts["sole"] == "127.0.0.1:7001"


def test_fires_and_gives_no_neighbour_s_port_where_the_list_of_the_services_did_not_come() -> None:
    """On a loaded server the list may be late: the program of this port may be one of them."""
    unseen = Unseen(
        vantage=Vantage.SERVER, what=SERVICES_LIST, why="the command did not end in time"
    )
    node = Listener(address="127.0.0.1", port=7001, family=4, process="node")
    (claim,) = judge(CHECK, DOWN, config(), Listeners(sockets=(node,)), ROOT, unseen)
    assert claim.facts["sole"] == ""
    assert claim.facts["candidates"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_and_edits_no_file_to_which_a_release_switches_a_link() -> None:
    """An edit of blue.conf would give blue the port of green."""
    text = SITE.replace("location /", "include /etc/nginx/active.conf; location /", 1)
    text = text.replace("http://127.0.0.1:3000", "http://$color")
    port = "set $color 127.0.0.1:3000;\n"
    listeners = Listeners(
        sockets=(Listener(address="127.0.0.1", port=7001, family=4, process="node"),)
    )

    def judged(link: str, real: str) -> Claim:
        site = config(text)
        (http,) = (each for each in site.main if each.name == "http")
        (server,) = (each for each in http.block or () if each.name == "server")
        block = tuple(
            line
            for each in server.block or ()
            for line in (parse(port, link) if each.name == "include" else (each,))
        )
        inner = tuple(
            replace(server, block=block) if each is server else each for each in http.block or ()
        )
        main = tuple(replace(http, block=inner) if each is http else each for each in site.main)
        files = (*site.files, ConfigFile(link, port, real=real))
        whole = replace(site, main=main, files=files)
        down = replace(DOWN, target="http://$color")
        (claim,) = judge(CHECK, down, whole, listeners, ROOT, masked=False)
        return claim

    claim = judged("/etc/nginx/active.conf", "/etc/nginx/blue.conf")
    assert claim.facts["switch"] == "/etc/nginx/active.conf"
    assert claim.fix
    assert not claim.fix.edits
    claim = judged("/etc/nginx/active.conf", "/srv/nginx/active.conf")
    assert claim.facts["switch"] == ""
    assert claim.fix
    assert claim.fix.edits


def test_fires_and_writes_the_port_in_each_line_that_has_the_wrong_one() -> None:
    more = "    location /ws { proxy_pass http://127.0.0.1:3000; }\n    location / {"
    listeners = Listeners(
        sockets=(Listener(address="127.0.0.1", port=7001, family=4, process="node"),)
    )
    text = SITE.replace("    location / {", more)
    target = replace(SHOP, websockets=("/ws",))
    (claim,) = judge(CHECK, DOWN, config(text), listeners, ROOT, target=target)
    assert claim.fix
    assert claim.fix.edits[0].diff.count("+") - 3 >= 2
    (claim,) = judge(
        CHECK, DOWN, config(text), listeners, ROOT, OPENED, CLOSED, target=target
    )  # fmt: skip
    assert claim.facts["meant"] == "127.0.0.1:7001"
    assert claim.fix
    assert claim.fix.edits[0].diff.count("+") - 3 >= 2


def test_fires_and_lists_programs_where_it_is_not_known_which_is_meant() -> None:
    other = replace(ROOT, target="http://127.0.0.1:7002")
    claim = refused_at_root(ROOT, other)
    assert (claim.facts["sole"], claim.facts["candidates"]) == (
        "", ("node 7001 (200)", "node 7002 (200)"),
    )  # fmt: skip
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)
    for absent in (
        refused_at_root(replace(ROOT, status=404)),
        refused_at_root(),
        refused_at_root(ROOT, process="netdata"),
        # A line of nginx leads there: it is another site's. Masked, its value is none.
        refused_at_root(ROOT, text=f"{SITE}\nserver {{ set $a 127.0.0.1:7001; }}", masked=False),
    ):
        assert absent.facts["sole"] == ""


def test_fires_and_writes_the_port_that_is_almost_the_written_one() -> None:
    """Of two programs with a page, one listens on a port with one slip of the fingers."""
    near, far = (replace(ROOT, target=f"http://127.0.0.1:{port}") for port in (3900, 8000))
    sockets = [
        Listener(address="0.0.0.0", port=port, family=4, process=name)
        for port, name in ((3900, "docker-proxy"), (8000, "python"))
    ]
    wiki = Container(
        engine="docker", id="a" * 64, name="wiki", image="requarks/wiki:2", state="running",
        ports=(ContainerPort(address="0.0.0.0", port=3900, inner=3000),),
    )  # fmt: skip
    seen = (config(), Listeners(sockets=tuple(sockets)), Containers(containers=(wiki,)))
    (claim,) = judge(CHECK, DOWN, *seen, near, far, masked=False)
    assert claim.facts["process"] == "wiki (requarks/wiki:2)"
    assert (claim.facts["sole"], claim.facts["near"]) == ("127.0.0.1:3900", True)
    assert claim.facts["candidates"] == ("python 8000 (200)",)
    assert claim.fix
    assert "+        proxy_pass http://127.0.0.1:3900;" in claim.fix.edits[0].diff
    assert claim.fix.applicability is Applicability.REVIEW
    started = StartFile(port=3000, path="/srv/shop", starter="project", script="start")
    assert judge(CHECK, DOWN, *seen, near, far, started, masked=False)[0].facts["near"] is False
    silent = replace(near, status=404)
    assert judge(CHECK, DOWN, *seen, silent, far, masked=False)[0].facts["near"] is False


def test_fires_and_writes_the_port_of_the_program_with_the_sites_name() -> None:
    """Two programs have a page, and the ports of both are almost the written one."""
    own, other = (replace(ROOT, target=f"http://127.0.0.1:{port}") for port in (3001, 3900))
    for process, sole in (("shop-server", "127.0.0.1:3001"), ("node", ""), ("shopping", "")):
        sockets = [
            Listener(address="127.0.0.1", port=port, family=4, process=name)
            for port, name in ((3001, process), (3900, "python"))
        ]
        seen = (config(), Listeners(sockets=tuple(sockets)), own, other)
        (claim,) = judge(CHECK, DOWN, *seen, masked=False)
        assert (claim.facts["sole"], claim.facts["same_name"]) == (sole, bool(sole))
        assert claim.fix
        assert bool(claim.fix.edits) is bool(sole)


@pytest.mark.parametrize(
    ("wrong", "right"), [(8014, 8041), (8080, 8000), (3000, 300), (3000, 30000), (3000, 3001)]
)
def test_a_port_is_near_by_one_slip(wrong: int, right: int) -> None:
    assert is_near(wrong, right)
    assert is_near(right, wrong)


@pytest.mark.parametrize(
    ("wrong", "other"),
    [(8080, 3000), (8041, 4081), (80, 8), (8080, 80), (3000, 8000), (3000, 3000)],
)
def test_a_port_is_not_near_otherwise(wrong: int, other: int) -> None:
    assert not is_near(wrong, other)


FPM = "/run/php/php8.2-fpm.sock"
PHP = SITE.replace("location / {", "location ~ \\.php$ {").replace(
    "proxy_pass http://127.0.0.1:3000", "fastcgi_pass 127.0.0.1:9000"
)
PHP_DOWN = replace(DOWN, target="127.0.0.1:9000", port=9000, path="/index.php")


def test_fires_and_names_the_only_unix_socket_of_php() -> None:
    sockets = UnixListeners(sockets=("/run/dbus/system_bus_socket", FPM))
    (claim,) = judge(CHECK, PHP_DOWN, config(PHP), sockets)
    assert claim.facts["directive"] == "fastcgi_pass"
    assert (claim.facts["socket"], claim.facts["program"]) == (FPM, "PHP-FPM")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+        fastcgi_pass unix:{FPM};" in edit.diff
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_and_edits_the_server_of_an_upstream_block() -> None:
    text = "upstream php { server 127.0.0.1:9000; }\n" + PHP.replace("127.0.0.1:9000", "php")
    down = replace(PHP_DOWN, target="php")
    (claim,) = judge(CHECK, down, config(text), UnixListeners(sockets=(FPM,)))
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+upstream php {{ server unix:{FPM}; }}" in edit.diff


def test_fires_and_lists_several_unix_sockets_of_php() -> None:
    sockets = UnixListeners(sockets=(FPM, "/run/php/php7.4-fpm.sock"))
    (claim,) = judge(CHECK, PHP_DOWN, config(PHP), sockets)
    assert claim.facts["sockets"] == sockets.sockets
    assert not claim.facts["socket"]
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_fires_and_names_no_unix_socket_that_may_be_another_programs() -> None:
    """PHP-FPM listens on a port, too; the location passes no scripts on; the port is another
    machine's."""
    sockets = UnixListeners(sockets=(FPM,))
    port = Listener(address="127.0.0.1", port=9001, family=4, process="php-fpm8.2")
    (claim,) = judge(CHECK, PHP_DOWN, config(PHP), sockets, Listeners(sockets=(port,)))
    assert not claim.facts["sockets"]
    (claim,) = judge(CHECK, DOWN, config(), sockets)
    assert not claim.facts["sockets"]
    far = replace(PHP_DOWN, target="10.0.0.7:9000", host="10.0.0.7", address="10.0.0.7")
    text = PHP.replace("127.0.0.1:9000", "10.0.0.7:9000")
    (claim,) = judge(CHECK, far, config(text), sockets)
    assert not claim.facts["sockets"]


def test_fires_and_edits_no_line_for_a_server_of_http() -> None:
    """Which application the socket belongs to is not known."""
    sockets = UnixListeners(sockets=("/run/gunicorn.sock",))
    (claim,) = judge(CHECK, DOWN, config(), sockets)
    assert claim.facts["socket"] == "/run/gunicorn.sock"
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)
    other = "server { listen 8080; location / { proxy_pass http://unix:/run/gunicorn.sock; } }\n"
    (claim,) = judge(CHECK, DOWN, config(SITE + other), sockets)
    assert not claim.facts["sockets"]


def test_fires_and_does_not_take_the_site_itself_for_the_application() -> None:
    down = replace(
        DOWN, target="http://10.0.0.7:443", host="10.0.0.7", port=443, address="10.0.0.7"
    )
    text = SITE.replace("http://127.0.0.1:3000", "http://10.0.0.7:443")
    site = Listener(address="203.0.113.10", port=443, family=4, process="nginx")
    (claim,) = judge(CHECK, down, config(text), Listeners(sockets=(site,)))
    assert claim.facts["elsewhere"] == ()


def test_fires_and_names_no_address_where_the_application_is_started_again() -> None:
    """It crashes on each request, and listened when the sockets were read."""
    for address in ("127.0.0.1", "0.0.0.0"):
        again = Listener(address=address, port=3000, family=4, process="node")
        other = Listener(address="::1", port=3000, family=6, process="node")
        (claim,) = judge(CHECK, DOWN, config(), Listeners(sockets=(again, other)))
        assert claim.facts["elsewhere"] == ()


def test_fires_as_a_note_for_a_path_that_nobody_asked_about() -> None:
    text = SITE.replace(
        "    location /", "    location /old { proxy_pass http://127.0.0.1:9; }\n    location /", 1
    )
    old = replace(DOWN, target="http://127.0.0.1:9", port=9, path="/old")
    (claim,) = judge(CHECK, old, UP, config(text))
    assert claim.severity is Severity.NOTE


def test_fires_as_a_note_when_the_page_comes_all_the_same() -> None:
    page = Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=200)
    (claim,) = judge(CHECK, DOWN, config(), page)
    assert claim.severity is Severity.NOTE


def test_a_warning_when_nginx_answers_in_its_place() -> None:
    page = Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=200)
    text = "connect() failed (111: Connection refused) while connecting to upstream"
    ours = logged(text, errno=111)
    (claim,) = judge(CHECK, DOWN, config(), RUNNING, LOG_READ, ours, page)
    assert (claim.severity, claim.facts["hidden"]) == (Severity.WARNING, True)
    earlier = logged(text, errno=111, when=RUN_BEGAN - 5)
    (claim,) = judge(CHECK, DOWN, config(), RUNNING, LOG_READ, earlier, page)
    assert claim.severity is Severity.NOTE


def test_silent_when_the_application_takes_connections() -> None:
    assert not judge(CHECK, UP, config())


def test_silent_when_one_of_a_group_is_up() -> None:
    other = replace(UP, host="127.0.0.2", address="127.0.0.2")
    assert not judge(CHECK, DOWN, other, config())


def test_a_warning_when_the_page_opens_a_websocket_there() -> None:
    text = SITE.replace(
        "    location /", "    location /io { proxy_pass http://127.0.0.1:9; }\n    location /", 1
    )
    down = replace(DOWN, target="http://127.0.0.1:9", port=9, path="/io")
    named = WebSocketPath(source="https://shop.example.com/app.js", path="/io/chat")
    (claim,) = judge(CHECK, down, UP, config(text), named, masked=False)
    assert claim.severity is Severity.WARNING
    assert claim.facts["websocket"] == "/io/chat"
    elsewhere = replace(named, path="/other")
    (claim,) = judge(CHECK, down, UP, config(text), elsewhere, masked=False)
    assert claim.severity is Severity.NOTE


def test_fires_as_an_error_for_the_page_to_which_the_target_redirects() -> None:
    text = SITE.replace("location / {", "location = / { return 302 /app/; }\n    location /app/ {")
    (claim,) = judge(CHECK, replace(DOWN, line=10), config(text), *redirected(502))
    assert claim.severity is None
    assert claim.facts["paths"] == ("/app/",)
    (claim,) = judge(CHECK, replace(DOWN, line=10), config(text), *redirected(200))
    assert claim.severity is Severity.NOTE


def test_fires_as_an_error_for_a_path_that_failed_for_visitors() -> None:
    text = SITE.replace(
        "    location /", "    location /api/ { proxy_pass http://127.0.0.1:9; }\n    location /", 1
    )
    down = replace(DOWN, target="http://127.0.0.1:9", port=9, path="/api/")
    failure = FailedRequests(file="/a.log", method="POST", path="/api/a", status=502, written="")
    (claim,) = judge(CHECK, down, UP, config(text), failure)
    assert claim.severity is None
    assert [subject.path for subject in claim.covers] == ["/api/a"]
    assert failure in claim.because


def test_fires_as_an_error_for_a_path_in_the_error_log() -> None:
    text = SITE.replace(
        "    location /", "    location /api/ { proxy_pass http://127.0.0.1:9; }\n    location /", 1
    )
    down = replace(DOWN, target="http://127.0.0.1:9", port=9, path="/api/")
    line = logged(
        "connect() failed (111: Connection refused) while connecting to upstream",
        path="/api/a",
        when=RUN_BEGAN - 60,
    )
    (claim,) = judge(CHECK, down, UP, RUNNING, config(text), LOG_READ, line)
    assert claim.severity is None
    assert [subject.path for subject in claim.covers] == ["/api/a"]
