import asyncio
import shlex
from dataclasses import replace

from diagnose.machine import CommandResult
from diagnose.model.web_servers import WebServer, WebServerConfig, WebServerTest
from diagnose.probes.inside.web_servers.apache import READER, parse_options
from diagnose.probes.inside.web_servers.processes import Candidate, ServerProcess, ServerService
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

DEBIAN_BUILD = (
    "Server version: Apache/2.4.62 (Debian)\n"
    ' -D HTTPD_ROOT="/etc/apache2"\n -D SERVER_CONFIG_FILE="apache2.conf"\n'
)
REDHAT_BUILD = (
    "Server version: Apache/2.4.57 (Red Hat Enterprise Linux)\n"
    ' -D HTTPD_ROOT="/etc/httpd"\n -D SERVER_CONFIG_FILE="conf/httpd.conf"\n'
)
HOST = "<VirtualHost *:443>\nServerName {}\nSSLEngine on\n</VirtualHost>\n"
DEBIAN = {
    "/etc/apache2/envvars": "export APACHE_LOG_DIR=/var/log/apache2\n",
    "/etc/apache2/apache2.conf": "Include ports.conf\nIncludeOptional sites-enabled/*.conf\n",
    "/etc/apache2/ports.conf": "Listen 80\nListen 443\n",
    "/etc/apache2/sites-enabled/shop.conf": HOST.format("shop.example.com"),
    "/etc/apache2/sites-available/idle.conf": HOST.format("idle.example.com"),
}
REDHAT = {
    "/etc/httpd/conf/httpd.conf": (
        'ServerRoot "/etc/httpd"\nListen 80\nInclude conf.modules.d/*.conf\n'
        "IncludeOptional conf.d/*.conf\n"
    ),
    "/etc/httpd/conf.modules.d/00-ssl.conf": "LoadModule ssl_module modules/mod_ssl.so\n",
    "/etc/httpd/conf.d/ssl.conf": "Listen 443 https\n",
    "/etc/httpd/conf.d/shop.conf": (
        "<VirtualHost *:443>\nServerName shop.example.com\n"
        "SSLCertificateFile /etc/pki/tls/certs/shop.crt\n"
        "SSLCertificateKeyFile /etc/pki/tls/private/shop.key\n</VirtualHost>\n"
    ),
}
PROCESS = ServerProcess(
    10,
    "httpd",
    "/usr/sbin/httpd -DFOREGROUND",
    "/usr/sbin/httpd",
    100.0,
    0,
    False,
    "httpd",
    ((11, 105.0), (12, 104.0)),
    (80, 443),
)
SERVICE = ServerService("httpd", "active", "enabled", 10)


def context(commands: dict[str, str | CommandResult], files: dict[str, str]) -> Looking:
    return Looking(RecordedMachine(commands, files))


def describe(
    ctx: Looking,
    program: str,
    process: ServerProcess | None = None,
    service: ServerService | None = None,
) -> WebServer | None:
    return asyncio.run(READER.describe(ctx, Candidate("apache2", program, process, service)))


def config(ctx: Looking, server: WebServer) -> WebServerConfig:
    read = asyncio.run(READER.read_config(ctx, server))
    assert read
    return read


def test_red_hats_httpd_by_its_service() -> None:
    dump = "VirtualHost configuration:\n*:443 shop.example.com (/etc/httpd/conf.d/shop.conf:1)\n"
    looking = context(
        {
            "/usr/sbin/httpd -V": REDHAT_BUILD,
            "httpd -t -D DUMP_VHOSTS -D DUMP_MODULES": dump,
        },
        REDHAT,
    )
    server = describe(looking, "/usr/sbin/httpd", PROCESS, SERVICE)
    assert server
    assert (server.config, server.loaded) == ("/etc/httpd/conf/httpd.conf", 104.0)
    assert server.test == ("httpd", "-t")
    assert server.reload == ("systemctl", "reload", "httpd")
    read = config(looking, server)
    (site,) = read.sites
    assert site.names == ("shop.example.com",)
    assert site.sockets[0].tls
    assert read.complete
    assert "ssl" in read.modules
    assert [file.path for file in read.files] == [
        "/etc/httpd/conf/httpd.conf",
        "/etc/httpd/conf.d/shop.conf",
        "/etc/httpd/conf.d/ssl.conf",
    ]


def test_debians_apache_without_systemd_and_its_idle_site() -> None:
    looking = context({"/usr/sbin/apache2 -V": DEBIAN_BUILD}, DEBIAN)
    server = describe(looking, "/usr/sbin/apache2")
    assert server
    assert server.pid is None
    assert server.start == ("apachectl", "start")
    read = config(looking, server)
    assert [site.names for site in read.sites] == [("shop.example.com",)]
    assert [site.names for site in read.idle if "/sites-available/" in site.file] == [
        ("idle.example.com",)
    ]


def test_a_process_whose_number_is_in_no_file_is_reloaded_by_its_signal() -> None:
    """apachectl would start a second Apache."""
    process = replace(PROCESS, unit="")
    programs: dict[str, str | CommandResult] = {"/usr/sbin/apache2 -V": DEBIAN_BUILD}
    server = describe(context(programs, DEBIAN), "/usr/sbin/apache2", process)
    assert server
    assert server.reload == ("kill", "-USR1", str(PROCESS.pid))
    known = {**DEBIAN, "/run/apache2/apache2.pid": f"{PROCESS.pid}\n"}
    server = describe(context(programs, known), "/usr/sbin/apache2", process)
    assert server
    assert server.reload == ("apachectl", "graceful")


def test_another_program_called_httpd_is_none() -> None:
    looking = context({"/usr/sbin/httpd -V": "BusyBox v1.36"}, {})
    assert describe(looking, "/usr/sbin/httpd") is None


def test_a_dump_that_differs_from_the_files_leaves_it_incomplete() -> None:
    dump = "*:443 shop.example.com (/etc/httpd/elsewhere.conf:1)\n"
    looking = context(
        {"/usr/sbin/httpd -V": REDHAT_BUILD, "httpd -t -D DUMP_VHOSTS -D DUMP_MODULES": dump},
        REDHAT,
    )
    server = describe(looking, "/usr/sbin/httpd", PROCESS, SERVICE)
    assert server
    assert not config(looking, server).complete


def run_test(result: str | CommandResult) -> WebServerTest | None:
    looking = context({"apachectl -t": result}, {})
    server = WebServer(product="apache", test=("apachectl", "-t"))
    return asyncio.run(READER.run_test(looking, server))


def test_the_test_passes_fails_or_is_forbidden() -> None:
    passed = run_test("Syntax OK\n")
    assert passed
    assert passed.passed
    failed = run_test(
        CommandResult(
            ("apachectl", "-t"), 1, "", "AH00526: Syntax error on line 3 of /a.conf:\nInvalid", 0.1
        )
    )
    assert failed
    assert (failed.passed, failed.file, failed.line, failed.message) == (
        False,
        "/a.conf",
        3,
        "Invalid",
    )
    denied = CommandResult(("apachectl", "-t"), 1, "", "(13)Permission denied: /a.key", 0.1)
    assert run_test(denied) is None


def test_the_options_that_decide_the_configuration() -> None:
    options = parse_options("/usr/sbin/httpd -d /srv -f conf/x.conf -DSSL -D TEST -k start")
    assert (options.root, options.config, options.defines) == (
        "/srv",
        "conf/x.conf",
        ("SSL", "TEST"),
    )
    assert shlex.join(options.words) == "-d /srv -f conf/x.conf -D SSL -D TEST"
    assert parse_options("").words == ()
