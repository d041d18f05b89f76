"""Edits of compose files: one line more, or another, and nothing else."""

import difflib

import pytest
import yaml

from diagnose.parsers import compose_edits as edits
from diagnose.parsers import compose_health as health
from diagnose.parsers import compose_networks as networks
from diagnose.parsers.compose_files import HIDDEN, compose_diff, shown_compose
from diagnose.parsers.compose_variables import with_variable

FILE = """\
services:
  app:
    image: app:1
    ports:
      - "127.0.0.1:8080:80"   # for nginx
    volumes:
      - ./conf:/etc/app:ro
  proxy:
    image: nginx:1.27
    ports: ["443:443", "80:80"]
    networks:
      - front
    extra_hosts:
      a: 10.0.0.1
    command: ["serve", "--host", "127.0.0.1", "--port", "3000"]
    environment:
      HOST: 127.0.0.1
  bare:
    image: bare

networks:
  front:
"""


def _changed(after: str, before: str = FILE) -> list[str]:
    """The lines that were taken away and added."""
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [f"{line[0]}{line[2:].strip()}" for line in lines if line[0] in "+-"]


def test_a_port_is_published() -> None:
    assert _changed(edits.with_port(FILE, "app", "127.0.0.1:3000:3000")) == [
        '+- "127.0.0.1:3000:3000"'
    ]
    assert '["443:443", "80:80", "8443:8443"]' in edits.with_port(FILE, "proxy", "8443:8443")
    assert _changed(edits.with_port(FILE, "bare", "80:80")) == ["+ports:", '+- "80:80"']
    assert edits.with_port(FILE, "proxy", "80:80") == FILE


@pytest.mark.parametrize(
    ("service", "old", "new", "line"),
    [
        ("app", (8080, 80), ("127.0.0.1", 8080, 3000), '- "127.0.0.1:8080:3000"   # for nginx'),
        ("app", (8080, 80), ("", 8080, 80), '- "8080:80"   # for nginx'),
        ("proxy", (443, 443), ("", 443, 8443), 'ports: ["443:8443", "80:80"]'),
    ],
)
def test_a_port_is_changed(
    service: str, old: tuple[int, int], new: tuple[str, int, int], line: str
) -> None:
    after = edits.with_published(FILE, service, old, new)
    assert f"+{line}" in _changed(after)
    assert len(_changed(after)) == 2


def test_a_port_that_the_file_has_otherwise_is_not_changed() -> None:
    assert not edits.with_published(FILE, "app", (8081, 80), ("", 8081, 3000))
    assert edits.with_published(FILE, "proxy", (80, 80), ("", 80, 80)) == FILE


def test_a_port_is_opened_to_all() -> None:
    """The same port inside, one less, or one on loopback more opens nothing."""
    for opening in (
        FILE.replace("127.0.0.1:8080:80", "8080:80"),
        FILE.replace("127.0.0.1:8080:80", "0.0.0.0:8080:80"),
        networks.with_host_network("services:\n  app:\n    image: a\n", "app"),
    ):
        assert edits.opens_to_all(FILE, opening, "app")
    closed = edits.with_port(FILE, "app", "127.0.0.1:9000:9000")
    inner = FILE.replace("443:443", "443:8443")
    assert not edits.opens_to_all(FILE, closed, "app")
    assert not edits.opens_to_all(FILE, inner, "proxy")
    assert not edits.opens_to_all(FILE, FILE.replace(', "80:80"', ""), "proxy")


def test_the_variables_of_nginx_proxy_are_shown() -> None:
    text = (
        "services:\n  app:\n    image: a\n    environment:\n      - DB_PASSWORD=secret\n"
        "      - VIRTUAL_HOST=a.example\n"
    )
    shown = shown_compose(text)
    assert "secret" not in shown
    assert with_variable(shown, "app", "VIRTUAL_PORT", "3000").endswith(
        "      - VIRTUAL_HOST=a.example\n      - VIRTUAL_PORT=3000\n"
    )


def test_a_name_means_the_server() -> None:
    name = "host.docker.internal"
    assert _changed(edits.with_extra_host(FILE, "app", name)) == [
        "+extra_hosts:", f'+- "{name}:host-gateway"'
    ]  # fmt: skip
    assert _changed(edits.with_extra_host(FILE, "proxy", name)) == [f'+{name}: "host-gateway"']


def test_a_name_is_taken_out() -> None:
    one = (
        "services:\n  a:\n    image: a\n    extra_hosts:\n      - app:127.0.0.1\n    restart: no\n"
    )
    assert _changed(edits.without_extra_host(one, "a", "app"), one) == [
        "-extra_hosts:", "-- app:127.0.0.1"
    ]  # fmt: skip
    two = one.replace("    restart", '      - "b:10.0.0.1"\n    restart')
    assert _changed(edits.without_extra_host(two, "a", "app"), two) == ["-- app:127.0.0.1"]
    assert not edits.without_extra_host(one, "a", "other")


def test_a_mount_is_changed() -> None:
    after = edits.with_moved_mount(
        FILE, "app", "/srv/app", ("/srv/app/conf", "/etc/app"), ("/srv/app/conf", "/etc/other")
    )
    assert "+- ./conf:/etc/other:ro" in _changed(after)
    near = edits.with_moved_mount(
        FILE, "app", "/srv/app", ("/srv/app/conf", "/etc/app"), ("/srv/app/dist", "/etc/app")
    )
    assert "+- ./dist:/etc/app:ro" in _changed(near)
    assert not edits.with_moved_mount(FILE, "app", "/srv/app", ("/x", "/etc/app"), ("/y", "/y"))


def test_a_service_gets_a_network() -> None:
    assert _changed(networks.with_network(FILE, "app", "front")) == [
        "+networks:", "+- default", "+- front"
    ]  # fmt: skip
    external = networks.with_network(FILE, "proxy", "shop_default", "shop_default")
    assert _changed(external) == ["+- shop_default", "+shop_default:", "+external: true"]
    assert networks.network_key(FILE, "blog", "blog_front") == "front"
    assert networks.network_key(FILE, "blog", "blog_default") == "default"
    assert networks.network_key(external, "blog", "shop_default") == "shop_default"
    without = "services:\n  a:\n    image: a"
    assert networks.with_network(without, "a", "web", "web").endswith(
        "\n\nnetworks:\n  web:\n    external: true\n"
    )


def test_a_program_listens_on_all_addresses() -> None:
    command = FILE.replace("    environment:\n      HOST: 127.0.0.1\n", "")
    assert '"--host", "0.0.0.0"' in edits.with_open_listening(command, "proxy")
    variable = FILE.replace('"--host", "127.0.0.1", ', "")
    assert "HOST: 0.0.0.0" in edits.with_open_listening(variable, "proxy")
    # Of two places one may say where it connects to.
    assert not edits.with_open_listening(FILE, "proxy")


def test_the_servers_network() -> None:
    assert _changed(networks.with_host_network(FILE, "bare")) == ["+network_mode: host"]
    assert set(_changed(networks.with_host_network(FILE, "app"))) == {
        "-ports:", '-- "127.0.0.1:8080:80"   # for nginx', "+network_mode: host"
    }  # fmt: skip
    assert not networks.with_host_network(FILE, "proxy")


@pytest.mark.parametrize(
    "text",
    [
        "services:\n  app: &x\n    image: a\n",
        "services:\n  app:\n    <<: *base\n    image: a\n",
        "services:\n  db:\n    image: a\n",
        "services:\n  app: {image: a}\n",
        "services: [\n",
        "services:\n  app:\n    image: a\n    ports:\n",
        "",
    ],
)
def test_no_edit(text: str) -> None:
    assert not edits.with_port(text, "app", "80:80")
    assert not networks.with_network(text, "app", "web", "web") or "ports:" in text


SECRETS = """\
# the password is hunter2
services:
  db:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: hunter2
      HOST: 127.0.0.1
    command: --password hunter2
    ports:
      - "5432:5432"
    labels:
      - hunter2
x-other: hunter2
"""


def test_what_may_be_a_password_is_hidden() -> None:
    shown = shown_compose(SECRETS)
    assert "hunter2" not in shown
    assert "HOST: 127.0.0.1" in shown
    lines = zip(shown.split("\n"), SECRETS.split("\n"), strict=True)
    assert all(ours == theirs or ours.endswith(HIDDEN) for ours, theirs in lines)
    assert yaml.safe_load(shown)["services"]["db"]["ports"] == ["5432:5432"]


def test_the_diff_shows_no_hidden_line() -> None:
    shown = shown_compose(SECRETS)
    after = edits.with_published(shown, "db", (5432, 5432), ("127.0.0.1", 5432, 5432))
    diff = compose_diff("/c.yml", shown, after)
    assert HIDDEN not in diff
    assert '@@ -10,1 +10,1 @@\n-      - "5432:5432"\n+      - "127.0.0.1:5432:5432"\n' in diff


def test_a_diff_has_as_many_lines_above_as_below() -> None:
    after = edits.with_port(FILE, "app", "1:1")
    lines = compose_diff("/c.yml", FILE, after).splitlines()[3:]
    assert [line[0] for line in lines] == [" ", " ", " ", "+", " ", " ", " "]


def test_an_argument_goes_to_a_command_that_is_a_list() -> None:
    text = 'services:\n  traefik:\n    image: traefik\n    command:\n      - "--a.b=:80"\n'
    after = edits.with_argument(text, "traefik", "--c.d=:443")
    assert (
        after == f'{text}      - "--c.d=:443"\n'
        or after == f'{text.rstrip()}\n      - "--c.d=:443"'
    )
    assert edits.with_argument(text, "traefik", "--a.b=:80") == text
    for command in ("command: --a.b=:80", "restart: always"):
        plain = f"services:\n  traefik:\n    image: traefik\n    {command}\n"
        assert edits.with_argument(plain, "traefik", "--c.d=:443") == ""


@pytest.mark.parametrize(
    ("line", "added"),
    [
        ("", ["+restart: unless-stopped"]),
        ("    restart: no\n", ["-restart: no", "+restart: unless-stopped"]),
        ('    restart: "no"\n', ['-restart: "no"', '+restart: "unless-stopped"']),
        ("    restart: always\n", []),
        ("    restart: on-failure\n", ["-restart: on-failure", "+restart: unless-stopped"]),
        ("    restart: on-failure:3\n", ["-restart: on-failure:3", "+restart: unless-stopped"]),
        ("    restart: unless-stopped\n", []),
    ],
)
def test_a_service_comes_back_after_a_boot(line: str, added: list[str]) -> None:
    text = FILE.replace("    image: bare\n", f"    image: bare\n{line}")
    changed = _changed(edits.with_restart(text, "bare"), text)
    assert [each for each in changed if each[0] in "+-"] == added
    assert edits.with_restart(FILE, "none") == ""


TEST = """\
services:
  app:
    image: app
    healthcheck:
      test: {}
      interval: 5s
"""


@pytest.mark.parametrize(
    ("test", "asked"),
    [
        ('["CMD", "curl", "-f", "http://localhost:8080/up"]', ("http://", "localhost", 8080)),
        ("curl -f http://127.0.0.1/ || exit 1", ("http://", "127.0.0.1", 80)),
        ("wget -q --spider https://localhost/", ("https://", "localhost", 443)),
        ('"nc -z 127.0.0.1 3000"', ("", "127.0.0.1", 3000)),
        ('["CMD", "curl", "http://[::1]:3000"]', ("http://", "[::1]", 3000)),
    ],
)
def test_what_a_health_check_asks(test: str, asked: tuple[str, str, int]) -> None:
    text = TEST.format(test)
    own = health.asked_address(shown_compose(text), "app")
    assert own
    assert (own.scheme, own.host, own.port) == asked
    after = health.with_asked_address(text, "app", own.written, own.at("127.0.0.1", 9000))
    assert after
    known = health.asked_address(after, "app")
    assert known
    assert (known.host, known.port) == ("127.0.0.1", 9000)


@pytest.mark.parametrize(
    "test",
    [
        "curl -f http://localhost:$$PORT/",
        "curl -f http://localhost:${PORT}/",
        "curl -f http://localhost:80/ || curl -f http://localhost:81/",
        "pg_isready -h localhost",
        "curl -f http://app.localhost:80/",
        "curl -f http://db.example.com:80/",
        "[1, 2]",
        "{a: b}",
    ],
)
def test_a_health_check_that_asks_nothing_certain(test: str) -> None:
    assert health.asked_address(TEST.format(test), "app") is None
    assert health.with_asked_address(TEST.format(test), "app", "none", "y") == ""


@pytest.mark.parametrize(
    "test",
    [
        "curl -u shop:hunter2 http://localhost:80/",
        "curl --user shop:hunter2 http://localhost:80/",
        "curl -H 'X-Auth: hunter2' http://localhost:80/",
        "curl http://shop:hunter2@localhost:80/",
        "mysqladmin ping -h localhost -phunter2",
        "redis-cli -h localhost -a hunter2 ping",
        "curl http://localhost:80/?token=hunter2",
        '["CMD", "mysqladmin", "-phunter2", "-h", "localhost"]',
    ],
)
def test_a_health_check_with_a_password_is_hidden(test: str) -> None:
    assert "hunter2" not in shown_compose(TEST.format(test))


def test_another_image() -> None:
    text = "services:\n  a:\n    image: 'traefik:v3.5'\n"
    changed = edits.with_image(text, "a", "traefik:v3.5", "traefik:v3.6")
    assert changed == text.replace("v3.5", "v3.6")
    assert edits.with_image(text, "a", "traefik:v2", "traefik:v3.6") == ""
    assert edits.with_image(text, "b", "traefik:v3.5", "traefik:v3.6") == ""
