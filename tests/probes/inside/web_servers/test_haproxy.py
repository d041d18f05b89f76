import asyncio
from dataclasses import replace

from diagnose.model import Unseen
from diagnose.probes.inside.web_servers.haproxy import READER, Options, parse_options
from diagnose.probes.inside.web_servers.processes import Candidate, ServerProcess, ServerService
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

CONFIG = "/etc/haproxy/haproxy.cfg"
TEXT = """\
defaults
    mode http
frontend web
    bind :443 ssl crt /etc/haproxy/certs
    default_backend app
backend app
    server a 127.0.0.1:3000
"""
PROCESS = ServerProcess(
    10,
    "haproxy",
    title=f"/usr/sbin/haproxy -Ws -f {CONFIG} -p /run/haproxy.pid -S /run/haproxy-master.sock",
    program="/usr/sbin/haproxy",
    started=100.0,
    user=0,
    unit="haproxy",
    workers=((11, 150.0), (12, 200.0)),
    ports=(80, 443),
)
SERVICE = ServerService("haproxy", "active", "enabled", 10)
VERSION = "HAProxy version 3.0.11-1+deb13u5 2026/11/18 - https://haproxy.org/\n"
FILES = {CONFIG: TEXT, "/etc/haproxy/certs/shop.pem": "x", "/etc/haproxy/certs/shop.pem.key": "y"}
TEST = f"haproxy -f {CONFIG} -c"


def looking(**files: str) -> Looking:
    commands = {"/usr/sbin/haproxy -v": VERSION, TEST: "Configuration file is valid\n"}
    return Looking(RecordedMachine(commands, FILES | files))


def test_the_options_that_choose_the_configuration_are_those_of_the_process() -> None:
    title = "/usr/sbin/haproxy -sf 12 -x sockpair@4 -Ws -f /etc/haproxy/a.cfg -p /run/x -f /b"
    assert parse_options(title) == Options(("/etc/haproxy/a.cfg", "/b"))
    assert parse_options("haproxy -D -C /srv -f a.cfg -- b.cfg") == Options(
        ("a.cfg", "b.cfg"), "/srv"
    )
    assert parse_options("haproxy -f") == Options()


def test_a_process_under_systemd_is_loaded_by_its_unit() -> None:
    look = looking()
    server = asyncio.run(
        READER.describe(look, Candidate("haproxy", "/usr/sbin/haproxy", PROCESS, SERVICE))
    )
    assert server is not None
    assert (server.version, server.config, server.unit) == ("3.0.11-1+deb13u5", CONFIG, "haproxy")
    assert server.reload == ("systemctl", "reload", "haproxy")
    assert server.loaded == 200.0, "the newest worker has the configuration"
    assert server.test == tuple(TEST.split())


def test_a_process_by_hand_is_loaded_by_a_signal_to_its_master() -> None:
    look = looking()
    by_hand = replace(PROCESS, unit="user-0")
    server = asyncio.run(
        READER.describe(look, Candidate("haproxy", "", by_hand, replace(SERVICE, main_pid=0)))
    )
    assert server is not None
    assert (server.unit, server.reload) == ("", ("kill", "-USR2", "10"))
    alone = asyncio.run(
        READER.describe(look, Candidate("haproxy", "", replace(by_hand, workers=())))
    )
    assert alone is not None
    assert alone.reload == ()


def test_another_program_of_that_name_is_none() -> None:
    ctx = Looking(RecordedMachine({"/usr/sbin/haproxy -v": "something else"}))
    assert (
        asyncio.run(READER.describe(ctx, Candidate("haproxy", "/usr/sbin/haproxy", PROCESS, None)))
        is None
    )


def test_a_foreign_program_is_not_run() -> None:
    look = looking()
    server = asyncio.run(
        READER.describe(look, Candidate("haproxy", "", replace(PROCESS, foreign=True), None))
    )
    assert server is not None
    assert server.foreign
    assert look.machine.commands_run == []  # type: ignore[attr-defined]


def test_the_configuration_has_the_files_of_a_certificate_folder() -> None:
    look = looking()
    server = asyncio.run(READER.describe(look, Candidate("haproxy", "", PROCESS, SERVICE)))
    assert server is not None
    config = asyncio.run(READER.read_config(look, server))
    assert config is not None
    assert config.complete
    (site,) = config.sites
    assert site.paths("certificate") == ("/etc/haproxy/certs/shop.pem",)
    assert site.paths("key") == ("/etc/haproxy/certs/shop.pem.key",)
    test = asyncio.run(READER.run_test(look, server))
    assert test is not None
    assert test.passed


def test_the_maps_that_choose_a_backend_are_read() -> None:
    rule = "use_backend %[hdr(host),map(/etc/haproxy/hosts.map)]"
    text = TEXT.replace("default_backend app", rule)
    look = looking(**{CONFIG: text, "/etc/haproxy/hosts.map": "shop.example.com app\n"})
    server = asyncio.run(READER.describe(look, Candidate("haproxy", "", PROCESS, SERVICE)))
    assert server is not None
    config = asyncio.run(READER.read_config(look, server))
    assert config is not None
    assert [each.path for each in config.maps] == ["/etc/haproxy/hosts.map"]
    assert [route.target for site in config.sites for route in site.routes] == [
        "http://127.0.0.1:3000"
    ]


def test_a_folder_of_configurations_is_read_in_its_order() -> None:
    folder = {"/etc/haproxy/conf.d/20.cfg": "backend b\n", "/etc/haproxy/conf.d/10.cfg": TEXT}
    ctx = Looking(RecordedMachine({"/usr/sbin/haproxy -v": VERSION}, FILES | folder))
    process = replace(PROCESS, title=f"haproxy -f {CONFIG} -f /etc/haproxy/conf.d")
    server = asyncio.run(READER.describe(ctx, Candidate("haproxy", "", process, None)))
    assert server is not None
    config = asyncio.run(READER.read_config(ctx, server))
    assert config is not None
    paths = [file.path for file in config.files]
    assert paths == [CONFIG, "/etc/haproxy/conf.d/10.cfg", "/etc/haproxy/conf.d/20.cfg"]


def test_a_configuration_that_may_not_be_read_is_not_observed() -> None:
    ctx = Looking(RecordedMachine({"/usr/sbin/haproxy -v": VERSION}))
    server = asyncio.run(READER.describe(ctx, Candidate("haproxy", "", PROCESS, SERVICE)))
    assert server is not None
    assert asyncio.run(READER.read_config(ctx, server)) is None
    assert [type(observation) for observation in ctx.observations] == [Unseen]


def test_relative_paths_begin_at_the_working_directory() -> None:
    process = replace(PROCESS, title="haproxy -W -f haproxy.cfg", folder="/srv/site")
    files = {"/srv/site/haproxy.cfg": TEXT}
    test = "haproxy -C /srv/site -f haproxy.cfg -c"
    commands = {"/usr/sbin/haproxy -v": VERSION, test: "Configuration file is valid\n"}
    ctx = Looking(RecordedMachine(commands, files))
    server = asyncio.run(READER.describe(ctx, Candidate("haproxy", "", process, None)))
    assert server is not None
    assert (server.config, server.test) == ("/srv/site/haproxy.cfg", tuple(test.split()))
    config = asyncio.run(READER.read_config(ctx, server))
    assert config is not None
    assert [file.path for file in config.files] == ["/srv/site/haproxy.cfg"]


def test_a_path_from_a_folder_that_is_not_known_is_not_tested() -> None:
    process = replace(PROCESS, title="haproxy -W -f haproxy.cfg")
    ctx = Looking(RecordedMachine({"/usr/sbin/haproxy -v": VERSION}))
    server = asyncio.run(READER.describe(ctx, Candidate("haproxy", "", process, None)))
    assert server is not None
    assert (server.config, server.test) == ("", ())
    assert asyncio.run(READER.run_test(ctx, server)) is None
    assert asyncio.run(READER.read_config(ctx, server)) is None
    (unseen,) = ctx.observed(Unseen)
    assert unseen.why == "it could not be read"
