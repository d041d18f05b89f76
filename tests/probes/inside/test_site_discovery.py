import asyncio
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from diagnose.machine.local import LocalMachine
from diagnose.model import Failure
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.target import parse_target
from diagnose.probes.inside.nginx_processes import LIST_COMMAND
from diagnose.probes.inside.site_discovery import MAX_SITES, Site, find_sites, sites_of
from tests.support.recorded_machine import RecordedMachine

MAIN = "/etc/nginx/nginx.conf"
NAMED = "listen 443 ssl; server_name shop.example.com;"
PROXIED = "proxy_pass http://127.0.0.1:3000;"
UPGRADE = "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"


def of(*servers: str) -> tuple[Site, ...]:
    blocks = "\n".join(f"server {{ {server} }}" for server in servers)
    return sites_of(parse(f"http {{\n{blocks}\n}}", MAIN))


def urls(*servers: str) -> list[str]:
    return [site.url for site in of(*servers)]


# Which blocks are sites


def test_a_block_with_tls_is_a_site_of_each_of_its_names() -> None:
    found = of("listen 80; server_name a.example.com;", f"{NAMED} server_name www.example.com;")
    shop = found[1]
    assert [one.url for one in found] == [
        "http://a.example.com/",
        "https://shop.example.com/",
        "https://www.example.com/",
    ]
    assert shop.names == ("shop.example.com", "www.example.com")
    assert (shop.file, shop.line, shop.port) == (MAIN, 3, 443)


def test_a_port_other_than_the_usual_one_is_in_the_url() -> None:
    assert urls("listen [::]:8443 ssl; server_name shop.example.com;") == [
        "https://shop.example.com:8443/"
    ]


def test_a_door_at_443_is_a_site_with_tls_even_where_ssl_was_forgotten() -> None:
    assert urls(NAMED.replace(" ssl", "")) == ["https://shop.example.com/"]


def test_port_80_is_left_to_names_that_have_no_tls() -> None:
    plain = "listen 80; server_name shop.example.com old.example.com; root /srv;"
    assert urls(NAMED, plain) == ["http://old.example.com/", "https://shop.example.com/"]
    assert not urls("listen 8080; server_name shop.example.com;")


@pytest.mark.parametrize(
    "away",
    [
        "return 301 https://www.example.net$request_uri;",
        "return https://www.example.net/;",
        "return 444;",
        "rewrite ^(.*)$ https://www.example.net$1 permanent;",
        "location / { return 302 https://www.example.net/; }",
        "if ($host = shop.example.com) { return 301 https://$host$request_uri; } return 404;",
    ],
)
def test_a_block_at_port_80_that_sends_everybody_away_is_no_site(away: str) -> None:
    assert not urls(f"listen 80; server_name shop.example.com; {away}")


@pytest.mark.parametrize(
    "stays",
    [
        "",
        'return 200 "hello";',
        "rewrite ^/old$ https://www.example.net/ permanent;",
        "location /old/ { return 301 https://www.example.net/; }",
        "rewrite ^/$ /index.html last;",
    ],
)
def test_one_that_sends_some_away_is(stays: str) -> None:
    assert urls(f"listen 80; server_name shop.example.com; {stays}")


@pytest.mark.parametrize(
    "names",
    [
        "",
        "server_name _;",
        'server_name "";',
        r"server_name ~^(?<user>.+)\.example\.com$;",
        "server_name *.example.com;",
        "server_name www.example.*;",
        "server_name .example.com;",
        "server_name localhost;",
        "server_name $hostname;",
        "server_name under/score;",
        "server_name \x1b[31mred.example.com;",
    ],
)
def test_a_name_that_nobody_can_type_is_no_site(names: str) -> None:
    assert not urls(f"listen 443 ssl default_server; {names}")


def test_what_only_the_machine_itself_can_reach_is_no_site() -> None:
    assert not urls("listen 127.0.0.1:443 ssl; listen [::1]:80; server_name shop.example.com;")


def test_the_first_block_with_a_name_has_it() -> None:
    (site,) = of("listen 443 ssl; server_name .example.com;", f"{NAMED} location /a {{}}", NAMED)
    assert site.line == 3
    assert not urls("listen 443 ssl; server_name .shop.example.com;", NAMED)


def test_every_url_is_read_again_as_it_is() -> None:
    found = of("listen 443 ssl; server_name Shop.Example.com 中文.example.com 203.0.113.5;")
    assert [parse_target(site.url).url for site in found] == [site.url for site in found]
    assert [site.url for site in found] == [
        "https://203.0.113.5/",
        "https://shop.example.com/",
        "https://xn--fiq228c.example.com/",
    ]


def test_a_server_with_very_many_names_is_listed_in_part() -> None:
    names = " ".join(f"s{number:04}.example.com" for number in range(MAX_SITES + 50))
    found = of(f"listen 443 ssl; server_name {names};")
    assert len(found) == MAX_SITES
    assert found[0].url == "https://s0000.example.com/"


# WebSockets


def test_locations_that_pass_upgrades_on_are_websockets() -> None:
    (site,) = of(
        f"{NAMED} location /ws {{ {PROXIED} {UPGRADE} }} location = /chat {{ {PROXIED} {UPGRADE} }}"
        f"location /api/ {{ {PROXIED} }}"
    )
    assert site.websockets == ("/ws", "/chat")


@pytest.mark.parametrize(
    "location",
    [
        f"location / {{ {PROXIED} {UPGRADE} }}",
        f"location ~ ^/ws/(.+)$ {{ {PROXIED} {UPGRADE} }}",
        f"location @app {{ {PROXIED} {UPGRADE} }}",
        f"location /ws {{ root /srv; {UPGRADE} }}",
        f'location /ws {{ {PROXIED} proxy_set_header Upgrade ""; }}',
        f'location "/w s" {{ {PROXIED} {UPGRADE} }}',
    ],
)
def test_others_are_not(location: str) -> None:
    (site,) = of(f"{NAMED} {location}")
    assert site.websockets == ()


def test_where_all_locations_pass_them_on_the_usual_names_tell() -> None:
    (site,) = of(f"{NAMED} {UPGRADE} location /api {{ {PROXIED} }} location /ws/ {{ {PROXIED} }}")
    assert site.websockets == ("/ws/",)


# Which configuration


FILES = {
    MAIN: "events {} http { include conf.d/*.conf; }",
    "/etc/nginx/conf.d/shop.conf": f"server {{ {NAMED} }}",
    "/opt/own/conf/nginx.conf": "http { server { listen 443 ssl; server_name own.example.com; } }",
    "/opt/1panel/www/conf.d/blog.conf": "server { listen 80; server_name blog.example.com; }",
}
BUILD = "nginx version: nginx/1.26.3\nconfigure arguments: --conf-path=/etc/nginx/nginx.conf\n"
STAT = "{pid} (nginx) S 1 " + "0 " * 17 + "100 0 0"


def running(title: str, root: str = "65024:2") -> str:
    return (
        f"1000.5\n500.5 900.0\nmnt:[1]\nown root 65024:2\nprogram /usr/sbin/nginx\n"
        f"process {STAT.format(pid=10)}\nnginx: master process {title}\n/usr/sbin/nginx\nmnt:[1]\n"
        f"its root {root}\n"
        f"build /usr/sbin/nginx\n{BUILD}built\n"
    )


def on(said: str, files: dict[str, str | Failure], build: str = "") -> list[str]:
    known = {shlex.join(LIST_COMMAND): said}
    if build:
        known["/usr/sbin/nginx -V"] = build
    found = asyncio.run(find_sites(RecordedMachine(known, files)))
    return [site.url for site in found]


def test_what_the_running_master_reads_is_listed() -> None:
    assert on(running("/usr/sbin/nginx"), {**FILES}) == ["https://shop.example.com/"]
    own = running("/usr/sbin/nginx -c /opt/own/conf/nginx.conf")
    assert on(own, {**FILES}) == ["https://own.example.com/"]


def test_of_one_that_does_not_run_what_it_would_read() -> None:
    stopped = "1000.5\n500.5 900.0\nmnt:[1]\nprogram /usr/sbin/nginx\n"
    assert on(stopped, {**FILES}, BUILD) == ["https://shop.example.com/"]


def test_without_a_program_the_usual_places_are_read() -> None:
    assert on("", {**FILES}) == ["https://shop.example.com/"]


def test_of_one_in_a_container_the_folders_of_panels_are_read() -> None:
    panel = {path: text for path, text in FILES.items() if path.startswith("/opt/1panel")}
    said = running("nginx", root="0:51:77").replace("program /usr/sbin/nginx\n", "")
    assert on(said, {**panel}) == ["http://blog.example.com/"]


def test_where_there_is_nothing_or_nothing_may_be_read_there_are_no_sites() -> None:
    assert on("", {}) == []
    denied = Failure("denied", "Permission denied", 13)
    assert on(running("/usr/sbin/nginx"), {MAIN: denied}) == []


@pytest.mark.skipif(shutil.which("nginx", path="/usr/sbin:/usr/bin") is None, reason="no nginx")
def test_the_files_of_a_real_program_are_read(tmp_path: Path) -> None:
    """A real program, its own -V, real files; not running."""
    text = f"events {{}} http {{ include {tmp_path}/*.conf; }}"
    (tmp_path / "main").write_text(text)
    (tmp_path / "shop.conf").write_text("server { listen 80; server_name shop.example.com; }")
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    said = subprocess.run([str(nginx), "-V"], capture_output=True, text=True, check=True).stderr
    title = f"nginx: master process {nginx} -c {tmp_path}/main"
    listing = (
        f"1000.5\n500.5 900.0\nmnt:[1]\nprocess {STAT.format(pid=10)}\n{title}\n{nginx}\nmnt:[1]\n"
        f"build {nginx}\n{said}built\n"
    )

    class Here(LocalMachine):
        async def run(self, *argv: str, timeout: float = 8.0):  # type: ignore[no-untyped-def]
            return await super().run("printf", "%s", listing) if argv == LIST_COMMAND else None

    (site,) = asyncio.run(find_sites(Here()))
    assert (site.url, site.file) == ("http://shop.example.com/", f"{tmp_path}/shop.conf")
