from dataclasses import replace

import pytest

from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Edit,
    Manual,
    Observation,
    Severity,
    commands,
)
from diagnose.model.http import Exchange
from diagnose.model.nginx import CertificateFile, ConfigFile, NginxConfig, NginxTest, UpstreamTry
from diagnose.model.tls import Handshake
from diagnose.parsers.nginx.config import messages, parse
from tests.support.certificates import leaf
from tests.support.check_evidence import CHAT, REFUSED, SHOP, judge
from tests.support.nginx_evidence import FILE, SITE, front, nginx_says

UPGRADE = '\n proxy_set_header Upgrade $http_upgrade;\n proxy_set_header Connection "upgrade";'
WEBSOCKET = SITE.replace("$host;", f"$host;{UPGRADE}")
CHECK = "nginx.duplicate-server-name"
PAGE = Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=200)
WARNING = 'conflicting server name "shop.example.com" on 0.0.0.0:443, ignored'


def config(*texts: str) -> NginxConfig:
    """Files one after another, as includes bring them."""
    files = [ConfigFile(f"/etc/nginx/{n}.conf", text, float(n)) for n, text in enumerate(texts)]
    (http,) = parse("http { }", FILE)
    inner = tuple(one for file in files for one in parse(file.text, file.path))
    return NginxConfig(path=FILE, main=(replace(http, block=inner),), files=tuple(files))


def warned(text: str = WARNING) -> NginxTest:
    said = messages(f"nginx: [warn] {text}")
    return NginxTest(binary="/usr/sbin/nginx", passed=True, messages=said, config=FILE)


def test_fires_as_a_warning_and_takes_the_ignored_block_away() -> None:
    (claim,) = judge("nginx.duplicate-server-name", config(SITE, f"# old\n{SITE}"), warned())
    assert claim.severity is None
    assert (claim.facts["winner"], claim.facts["loser"]) == (
        "/etc/nginx/0.conf:1",
        "/etc/nginx/1.conf:2",
    )
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert edit.path == "/etc/nginx/1.conf"
    assert "-server {" in edit.diff
    assert " # old" in edit.diff


def test_takes_the_name_out_of_a_block_with_others_before_one_that_redirects_to_https() -> None:
    names = "server_name shop.example.com landing.example.com;"
    landing = f"server {{\n  listen 80;\n  {names}\n  root /srv;\n}}\n"
    block = "server {{\n  listen 80;\n  server_name shop.example.com;\n  {}\n}}\n"
    target = replace(SHOP, scheme="http", port=80)
    said = warned(WARNING.replace(":443", ":80"))
    redirect = block.format("return 301 https://$host$request_uri;")
    (claim,) = judge(CHECK, config(landing, redirect), said, target=target)
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "+  server_name landing.example.com;" in edit.diff
    (claim,) = judge(CHECK, config(landing, block.format("root /www;")), said, target=target)
    assert claim.facts["open"]


def test_fires_as_an_error_where_the_used_block_refuses_what_the_other_passes_on() -> None:
    refusing = SITE.replace("proxy_pass http://127.0.0.1:3000;", "return 404;")
    page = replace(PAGE, status=404)
    (claim,) = judge(CHECK, config(refusing, SITE), warned(), page)
    assert claim.severity is Severity.ERROR
    assert page in claim.because
    # The same answer, or an answer that is no error, is no symptom of the duplicate.
    (claim,) = judge(CHECK, config(SITE, SITE), warned(), page)
    assert claim.severity is None
    (claim,) = judge(CHECK, config(refusing, SITE), warned(), PAGE)
    assert claim.severity is None


def test_fires_as_an_error_where_only_the_ignored_block_passes_the_websocket_on() -> None:
    (claim,) = judge(
        "nginx.duplicate-server-name", config(SITE, WEBSOCKET), warned(), front(400), target=CHAT
    )
    assert claim.severity is Severity.ERROR
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert claim.fix.steps[0].path == "/etc/nginx/0.conf"


def test_fires_as_an_error_where_the_winning_block_leads_to_a_dead_application() -> None:
    dead = SITE.replace("3000", "9999")
    tried = UpstreamTry(
        target="http://127.0.0.1:9999", host="127.0.0.1", port=9999, failure=REFUSED
    )
    (claim,) = judge("nginx.duplicate-server-name", config(dead, SITE), warned(), tried)
    assert claim.severity is Severity.ERROR


def test_fires_as_an_error_where_a_variable_leads_to_a_dead_application() -> None:
    """A panel has one line of proxy_pass for all sites, and a port of each. The block that works is
    not taken away."""
    passing = SITE.replace("server {", "server { set $port 3000;").replace("1:3000;", "1:$port;")
    dead = passing.replace("$port 3000", "$port 9999")
    tried = UpstreamTry(
        target="http://127.0.0.1:$port", host="127.0.0.1", port=9999, failure=REFUSED
    )
    (claim,) = judge(CHECK, config(dead, passing), warned(), tried)
    assert claim.severity is Severity.ERROR
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert claim.fix.steps[0].path == "/etc/nginx/0.conf"
    (claim,) = judge(CHECK, config(dead, passing), warned())
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(("name", "stale"), [("00-shop.bak", True), ("00-shop", False)])
def test_fires_and_takes_the_backup_away_that_nginx_uses(name: str, stale: bool) -> None:
    old = SITE.replace("proxy_pass http://127.0.0.1:3000;", "root /var/www/old;")
    seen = config(old, SITE)
    folder = "/etc/nginx/sites-enabled"
    files = tuple(
        replace(file, path=f"{folder}/{own}")
        for file, own in zip(seen.files, (name, "shop"), strict=True)
    )
    inner = tuple(one for file in files for one in parse(file.text, file.path))
    seen = replace(seen, main=(replace(seen.main[0], block=inner),), files=files)
    (claim,) = judge(CHECK, seen, warned())
    assert claim.facts["backup"] is stale
    assert claim.facts["stale"] == f"{folder}/{name if stale else 'shop'}:1"
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual) is not stale
    assert claim.fix.applicability is (Applicability.REVIEW if stale else Applicability.MANUAL)


def test_fires_without_an_edit_where_one_file_is_read_twice() -> None:
    observation = config(SITE)
    observation = replace(
        observation,
        main=(replace(observation.main[0], block=(observation.main[0].block or ()) * 2),),
    )
    (claim,) = judge("nginx.duplicate-server-name", observation, warned())
    assert claim.facts["twice"]
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_fires_without_an_edit_where_the_ignored_block_is_needed_elsewhere() -> None:
    other = SITE.replace("443 ssl;", "443 ssl; listen 8443 ssl;")
    (claim,) = judge("nginx.duplicate-server-name", config(SITE, other), warned())
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_fires_and_leaves_the_other_sites_of_the_block_that_visitors_suffer_from() -> None:
    dead = SITE.replace("3000", "9999").replace("server_name ", "server_name old.example.com ")
    tried = UpstreamTry(
        target="http://127.0.0.1:9999", host="127.0.0.1", port=9999, failure=REFUSED
    )
    (claim,) = judge(CHECK, config(dead, SITE), warned(), tried)
    assert claim.fix
    (edit, *_) = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "+    server_name old.example.com;\n" in edit.diff
    assert "proxy_pass" not in "".join(line for line in edit.diff.splitlines() if line[:1] in "+-")
    assert claim.facts["shortened"]
    assert claim.fix.applicability is Applicability.REVIEW
    # Without the name, visitors of another socket would get another site.
    elsewhere = dead.replace("443 ssl;", "443 ssl; listen [::]:443 ssl;")
    (claim,) = judge(CHECK, config(elsewhere, SITE), warned(), tried)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)
    assert not claim.facts["shortened"]


def test_silent_when_it_is_another_name() -> None:
    blog = SITE.replace("shop.", "blog.")
    text = WARNING.replace("shop.", "blog.")
    assert not judge("nginx.duplicate-server-name", config(SITE, blog, blog), warned(text))


def test_silent_when_the_ports_differ() -> None:
    other = SITE.replace("443", "8443")
    assert not judge("nginx.duplicate-server-name", config(SITE, other), nginx_says())


def test_silent_when_nginx_does_not_warn() -> None:
    assert not judge("nginx.duplicate-server-name", config(SITE, SITE), nginx_says())


def how(winner: str, loser: str, *observations: Observation) -> Applicability:
    (claim,) = judge(CHECK, config(winner, loser), warned(), *observations, target=CHAT)
    assert claim.fix
    return claim.fix.applicability


def test_fires_and_is_sure_of_a_block_of_which_nginx_makes_no_use() -> None:
    assert how(SITE, SITE) is Applicability.AUTOMATIC
    # Its words about the socket are in force.
    assert how(SITE.replace(" ssl;", ";"), SITE) is Applicability.REVIEW
    assert how(SITE, SITE.replace("ssl;", "ssl default_server;")) is Applicability.REVIEW


def test_fires_and_is_sure_of_an_earlier_state_of_the_same_block() -> None:
    assert how(SITE, WEBSOCKET, front(400)) is Applicability.AUTOMATIC
    more = SITE.replace("location / {", "client_max_body_size 9m;\n    location / {")
    assert how(more, WEBSOCKET, front(400)) is Applicability.REVIEW


def linked(*paths: tuple[str, str]) -> NginxConfig:
    (http,) = parse("http { }", FILE)
    files = tuple(ConfigFile(path, SITE, 0.0, real) for path, real in paths)
    inner = tuple(one for file in files for one in parse(file.text, file.path))
    return NginxConfig(path=FILE, main=(replace(http, block=inner),), files=files)


def test_fires_and_takes_the_link_away_through_which_a_file_is_read_twice() -> None:
    file, link = "/etc/nginx/conf.d/shop.conf", "/etc/nginx/sites-enabled/shop"
    (claim,) = judge(CHECK, linked((file, ""), (link, file)), warned())
    assert claim.fix
    assert claim.fix.steps[0] == commands.remove_link(link, target=file)
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_and_puts_a_backup_where_nothing_reads_it() -> None:
    old = "/etc/nginx/sites-enabled/shop.bak"
    observation = linked(("/etc/nginx/conf.d/shop.conf", ""), (old, ""))
    (claim,) = judge(CHECK, observation, warned())
    assert claim.fix
    new = "/etc/nginx/shop.bak"
    assert claim.fix.steps[0] == commands.move(old, new)


PASS = "proxy_pass http://127.0.0.1:3000;"
WELCOME = "<title>Welcome to nginx!</title><h1>Welcome to nginx!</h1>"


def judged(winner: str, page: Exchange) -> Claim:
    (claim,) = judge(CHECK, config(winner, SITE), warned(), page, masked=False)
    return claim


@pytest.mark.parametrize(
    ("line", "page"),
    [
        ("root /usr/share/nginx/html;", replace(PAGE, body=WELCOME)),
        ("root /srv/empty;", replace(PAGE, status=403)),
        (
            "return 301 https://$host$request_uri;",
            replace(PAGE, status=301, headers=(("Location", SHOP.url),)),
        ),
    ],
)
def test_fires_as_an_error_where_the_used_block_has_no_site(line: str, page: Exchange) -> None:
    claim = judged(SITE.replace(PASS, line), page)
    assert claim.severity is Severity.ERROR
    assert claim.facts["matters"]


def test_fires_and_is_not_sure_which_of_two_other_answers_is_right() -> None:
    claim = judged(SITE.replace(PASS, "root /srv/shop;"), PAGE)
    assert claim.severity is None
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    used, ignored = claim.fix.steps
    assert isinstance(used, Manual)
    assert isinstance(ignored, Manual)
    # A person may want the block that nginx ignores. A file with nothing else keeps its text.
    moves = [step.commands[0] for step in (used, ignored)]
    assert [" ".join(move.argv) for move in moves if isinstance(move, Command)] == [
        "mv -n /etc/nginx/1.conf /etc/1.conf.off",
        "mv -n /etc/nginx/0.conf /etc/0.conf.off",
    ]
    assert (claim.facts["open"], claim.facts["newer"]) == (True, "/etc/nginx/1.conf")


def test_takes_only_blocks_away_that_say_what_another_says() -> None:
    """Beside the copy stands a block of another port, with other words than the one in use."""
    plain = SITE.replace("443 ssl", "80")
    other = plain.replace(PASS, "root /srv/shop;")
    (claim,) = judge(CHECK, config(f"{SITE}{plain}", f"{SITE}{other}"), warned())
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert edit.diff.count("-server {") == 1


def test_fires_as_an_error_where_the_used_block_has_no_certificate_of_its_own() -> None:
    """nginx sends that of the socket's default block, which is another site's."""
    bare = SITE.replace("443 ssl;", "443;").replace("    ssl_certificate shop.pem;\n", "")
    file = CertificateFile(path="/etc/nginx/shop.pem", chain=(leaf(),))
    another = leaf(dns_names=("blog.example.com",), sha256="05")
    sent = Handshake(
        address="203.0.113.10", port=443, server_name="shop.example.com", chain=(another,)
    )
    (claim,) = judge(CHECK, config(bare, SITE), warned(), file, sent)
    assert claim.severity is Severity.ERROR
    assert claim.facts["stale"] == "/etc/nginx/0.conf:1"
    # Both in one file: the block that is used goes, and the other one stays.
    (claim,) = judge(CHECK, config(f"{bare}{SITE}"), warned(), file, sent)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert edit.diff.count("-server {") == 1
    assert claim.fix.applicability is Applicability.REVIEW
    # The default block's certificate is for this site too, or the ignored block's is not.
    good = replace(sent, chain=(leaf(),))
    (claim,) = judge(CHECK, config(bare, SITE), warned(), file, good)
    assert claim.severity is None
    bad = replace(file, chain=(another,))
    (claim,) = judge(CHECK, config(bare, SITE), warned(), bad, sent)
    assert claim.severity is None


def test_fires_and_takes_one_block_out_of_a_file_with_both() -> None:
    other = SITE.replace(PASS, "root /srv/shop;")
    (claim,) = judge(CHECK, config(f"{SITE}{other}"), warned(), PAGE)
    assert claim.fix
    edits = [step.commands[0] for step in claim.fix.steps if isinstance(step, Manual)]
    first, second = (edit.diff for edit in edits if isinstance(edit, Edit))
    assert f"-        {PASS}" not in first
    assert "-        root /srv/shop;" in first
    assert f"-        {PASS}" in second
