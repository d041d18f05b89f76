import asyncio
import json
from dataclasses import replace

import pytest

from diagnose.machine import CommandResult
from diagnose.model.web_servers import WebServer, WebServerConfig, WebServerTest
from diagnose.probes.inside.web_servers.caddy import READER, Options, parse_options
from diagnose.probes.inside.web_servers.caddy_log import STORAGE, TAIL_BYTES
from diagnose.probes.inside.web_servers.processes import Candidate, ServerProcess, ServerService
from tests.support.caddy_evidence import CONFIG, SITE, document
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

PROCESS = ServerProcess(
    10,
    "caddy",
    f"/usr/bin/caddy run --environ --config {CONFIG}",
    "/usr/bin/caddy",
    100.0,
    0,
    False,
    "caddy",
    (),
    (80, 443, 2019),
)
SERVICE = ServerService("caddy", "active", "enabled", 10)
VERSION, ADAPT = "/usr/bin/caddy version", f"caddy adapt --config {CONFIG} --adapter caddyfile"
ADMIN = "curl -sf --noproxy '*' -m 4 http://localhost:2019/config/"
JOURNAL = "journalctl -u caddy -n 2000 -o cat --no-pager"
JSON = json.dumps(document("shop.example.com"))


def caddy_context(commands: dict[str, str | CommandResult], **files: str) -> Looking:
    versions: dict[str, str | CommandResult] = {VERSION: "2.6.2\n"}
    return Looking(RecordedMachine(versions | commands, {CONFIG: SITE} | files))


def describe(ctx: Looking, process: ServerProcess | None = PROCESS) -> WebServer:
    server = asyncio.run(
        READER.describe(ctx, Candidate("caddy", "/usr/bin/caddy", process, SERVICE))
    )
    assert server
    return server


def config(ctx: Looking) -> WebServerConfig | None:
    return asyncio.run(READER.read_config(ctx, describe(ctx)))


def verdict(ctx: Looking) -> WebServerTest | None:
    return asyncio.run(READER.run_test(ctx, describe(ctx)))


def test_caddy_by_its_service() -> None:
    server = describe(caddy_context({}))
    assert (server.version, server.config, server.unit) == ("2.6.2", CONFIG, "caddy")
    assert server.reload == ("systemctl", "reload", "caddy")
    assert " ".join(server.test) == ADAPT


def test_caddy_without_its_admin_api_is_restarted() -> None:
    """https://github.com/caddyserver/caddy/issues/3234."""
    off = {CONFIG: "{\n\tadmin off\n}\n" + SITE}
    without = replace(PROCESS, ports=(80, 443))
    assert describe(caddy_context({}, **off), without).reload == ("systemctl", "restart", "caddy")
    # The change is in the file, and not yet in what runs.
    assert describe(caddy_context({}, **off)).reload == ("systemctl", "reload", "caddy")
    assert describe(caddy_context({}), without).reload == ("systemctl", "reload", "caddy")


def test_caddy_started_by_hand_and_from_a_folder_that_is_not_known() -> None:
    title = "caddy run --config=/srv/my.conf --adapter caddyfile"
    by_hand = ServerProcess(11, "caddy", title, "/usr/bin/caddy")
    server = describe(caddy_context({}), by_hand)
    assert server.reload[:4] == ("caddy", "reload", "--config", "/srv/my.conf")
    here = describe(caddy_context({}), ServerProcess(11, "caddy", "caddy run", "/usr/bin/caddy"))
    assert (here.config, here.test, here.reload) == ("", (), ())
    assert parse_options("caddy run --resume") == Options(resumes=True)


@pytest.mark.parametrize(
    ("words", "config"),
    [
        ("caddy run", "/srv/site/Caddyfile"),
        ("caddy run --config my.caddy --adapter caddyfile", "/srv/site/my.caddy"),
        ("caddy run --config ../other/site.caddyfile", "/srv/other/site.caddyfile"),
        ("caddy file-server", ""),
        ("caddy run --resume", ""),
    ],
)
def test_relative_paths_begin_at_the_working_directory(words: str, config: str) -> None:
    process = ServerProcess(11, "caddy", words, "/usr/bin/caddy", folder="/srv/site")
    server = describe(caddy_context({}, **{"/srv/site/Caddyfile": SITE}), process)
    assert server.config == config
    assert bool(server.test) is bool(config)


def test_a_folder_without_a_caddyfile_has_no_configuration() -> None:
    process = ServerProcess(11, "caddy", "caddy run", "/usr/bin/caddy", folder="/srv/site")
    server = describe(caddy_context({}), process)
    assert (server.config, server.test) == ("", ())


def test_caddys_own_json_names_the_file() -> None:
    title = "caddy run --config /srv/caddy.json"
    process = ServerProcess(11, "caddy", title, "/usr/bin/caddy")
    ctx = caddy_context({}, **{"/srv/caddy.json": JSON})
    server = describe(ctx, process)
    assert (server.config, server.test) == ("/srv/caddy.json", ())
    assert server.reload == ("caddy", "reload", "--config", "/srv/caddy.json", "--force")
    read = asyncio.run(READER.read_config(ctx, server))
    assert read
    places = [(route.file, route.line) for site in read.sites for route in site.routes]
    assert places == [("/srv/caddy.json", 0)]
    broken = caddy_context({}, **{"/srv/caddy.json": "{"})
    assert asyncio.run(READER.read_config(broken, server)) is None


def test_the_configuration_on_disk_is_compared_with_the_one_that_runs() -> None:
    same = config(caddy_context({ADAPT: JSON, ADMIN: JSON}))
    assert same
    assert (same.loaded, same.running) == (True, ())
    old = json.dumps(document("example.com"))
    other = config(caddy_context({ADAPT: JSON, ADMIN: old}))
    assert other
    assert other.loaded is False
    assert other.running[0].names == ("example.com",)
    assert other.sites[0].routes[0].line == 3
    unknown = config(caddy_context({ADAPT: JSON}))
    assert unknown
    assert unknown.loaded is None


def test_what_runs_is_read_where_the_files_need_the_environment() -> None:
    text = "{$DOMAIN} {\n}\n"
    ctx = caddy_context({ADAPT: json.dumps(document("")), ADMIN: JSON}, **{CONFIG: text})
    read = config(ctx)
    assert read
    assert (read.loaded, read.sites[0].names) == (None, ("shop.example.com",))
    assert verdict(ctx) is None


def test_the_test_names_the_file_and_the_line() -> None:
    failed = CommandResult((), 1, "", "Error: Caddyfile:2: unrecognized directive: tsl\n", 0.0)
    test = verdict(caddy_context({ADAPT: failed}))
    assert test
    assert (test.passed, test.file, test.line) == (False, CONFIG, 2)
    passed = verdict(caddy_context({ADAPT: JSON}))
    assert passed
    assert passed.passed
    denied = CommandResult((), 1, "", "Error: reading: open x: permission denied", 0.0)
    assert verdict(caddy_context({ADAPT: denied})) is None


def test_the_log_is_read_only_where_a_certificate_is_missing() -> None:
    acme = json.dumps(document("shop.example.com", tls="acme"))
    row = refusal("shop.example.com", "NXDOMAIN")
    without = config(caddy_context({ADAPT: acme, JOURNAL: row + refusal("example.org", "y")}))
    assert without
    assert without.complaint == "NXDOMAIN"
    path = f"{STORAGE}/certificates/acme/shop.example.com/shop.example.com.crt"
    there = config(caddy_context({ADAPT: acme, JOURNAL: row}, **{path: ""}))
    assert there
    assert there.complaint == ""


def test_the_log_of_a_site_for_all_names_of_a_domain_is_read() -> None:
    acme = json.dumps(document("*.example.com", tls="acme"))
    read = config(caddy_context({ADAPT: acme, JOURNAL: refusal("*.example.com", "no solvers")}))
    assert read
    assert read.complaint == "no solvers"


def test_the_log_in_a_file_is_read() -> None:
    log = {"logs": {"default": {"writer": {"output": "file", "filename": "/var/log/caddy.log"}}}}
    acme = json.dumps(document("shop.example.com", tls="acme") | {"logging": log})
    tail = f"tail -c {TAIL_BYTES} /var/log/caddy.log"
    read = config(caddy_context({ADAPT: acme, tail: refusal("shop.example.com", "closed")}))
    assert read
    assert read.complaint == "closed"


def refusal(name: str, error: str) -> str:
    line = {"level": "error", "logger": "tls.obtain", "identifier": name, "error": error}
    return json.dumps({**line, "msg": "could not get certificate from issuer"}) + "\n"


def test_a_proxy_of_one_command() -> None:
    title = "caddy reverse-proxy --from http://shop.example.com --to 127.0.0.1:3000"
    process = ServerProcess(10, "caddy", title, "/usr/bin/caddy", 100.0, 0, ports=(80,))
    ctx = caddy_context({})
    server = describe(ctx, process)
    assert (server.config, server.test, server.reload) == ("", (), ())
    assert server.arguments == title
    read = asyncio.run(READER.read_config(ctx, server))
    assert read
    assert read.loaded is True
    assert read.sites[0].routes[0].authority == "127.0.0.1:3000"
