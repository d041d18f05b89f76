"""Apache where it does not come from Debian or Red Hat, and services of OpenRC."""

import asyncio

import pytest

from diagnose.model.web_servers import WebServer
from diagnose.probes.inside.web_servers.apache import READER, parse_options
from diagnose.probes.inside.web_servers.choice import candidates
from diagnose.probes.inside.web_servers.processes import (
    Candidate,
    InstalledServers,
    ServerProcess,
    parse_servers,
)
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

BUILD = 'Server version: Apache/2.4.62 (Unix)\n -D HTTPD_ROOT="{}"\n -D SERVER_CONFIG_FILE="{}"\n'
#: The command line of openSUSE's start_apache2, as the kernel keeps it.
SUSE = (
    "/usr/sbin/httpd-prefork -DSYSCONFIG -DSSL -C PidFile /run/httpd.pid"
    " -C Include /etc/apache2/sysconfig.d//loadmodule.conf -f /etc/apache2/httpd.conf"
    " -c Include /etc/apache2/sysconfig.d//include.conf -DSYSTEMD -DFOREGROUND -k start"
)
SUSE_BUILD = BUILD.format("/srv/www", "/etc/apache2/httpd.conf")
FILES = {
    "/etc/apache2/httpd.conf": "IncludeOptional vhosts.d/*.conf\nServerRoot /etc/apache2\n",
    "/etc/apache2/sysconfig.d//loadmodule.conf": "LoadModule ssl_module modules/mod_ssl.so\n",
    "/etc/apache2/sysconfig.d//include.conf": "Listen 443\n",
    "/etc/apache2/vhosts.d/shop.conf": (
        "<IfModule ssl_module>\n<VirtualHost *:443>\nServerName shop.example.com\n"
        "SSLEngine on\n</VirtualHost>\n</IfModule>\n"
    ),
}


def described(candidate: Candidate, build: str, files: dict[str, str]) -> WebServer:
    ctx = Looking(RecordedMachine({f"{candidate.binary} -V": build}, files))
    server = asyncio.run(READER.describe(ctx, candidate))
    assert server
    return server


def test_the_lines_of_suses_command_line_are_kept_whole() -> None:
    options = parse_options(SUSE)
    assert options.before == (
        "PidFile /run/httpd.pid",
        "Include /etc/apache2/sysconfig.d//loadmodule.conf",
    )
    assert options.after == ("Include /etc/apache2/sysconfig.d//include.conf",)
    assert options.defines == ("SYSCONFIG", "SSL", "SYSTEMD")
    assert parse_options(" ".join(("httpd-prefork", *options.words))) == options


def test_what_suses_command_line_includes_is_read() -> None:
    process = ServerProcess(10, "httpd-prefork", SUSE, "/usr/sbin/httpd-prefork", user=0)
    server = described(Candidate("httpd-prefork", process.program, process), SUSE_BUILD, FILES)
    ctx = Looking(RecordedMachine({}, FILES))
    config = asyncio.run(READER.read_config(ctx, server))
    assert config
    assert [site.names for site in config.sites] == [("shop.example.com",)]
    assert [socket.port for socket in config.listens] == [443]
    assert config.sites[0].file == "/etc/apache2/vhosts.d/shop.conf"


def test_suses_parameters_are_known_when_it_does_not_run() -> None:
    flags = {"/etc/sysconfig/apache2": 'APACHE_SERVER_FLAGS="SSL STATUS"\n'}
    server = described(Candidate("httpd-prefork", "/usr/sbin/httpd-prefork"), SUSE_BUILD, flags)
    assert server.test == ("apachectl", "-D", "SSL", "-D", "STATUS", "-t")


@pytest.mark.parametrize(
    ("program", "script", "start"),
    [
        (
            "/opt/bitnami/apache/bin/httpd",
            "/opt/bitnami/ctlscript.sh",
            ("/opt/bitnami/ctlscript.sh", "start", "apache"),
        ),
        ("/opt/lampp/bin/httpd", "/opt/lampp/lampp", ("/opt/lampp/lampp", "startapache")),
        ("/www/server/apache/bin/httpd", "/etc/init.d/httpd", ("/etc/init.d/httpd", "start")),
    ],
)
def test_the_script_of_a_place_starts_it(program: str, script: str, start: tuple[str, ...]) -> None:
    build = BUILD.format(program.removesuffix("/bin/httpd"), "conf/httpd.conf")
    assert described(Candidate("httpd", program), build, {script: "#!/bin/sh\n"}).start == start
    without = described(Candidate("httpd", program), build, {})
    assert without.start == (program, "-k", "start")


LISTED = """1000.0
500.0
mnt
self 0
program /usr/sbin/httpd
program /usr/sbin/httpd-prefork
service Id=apache2
service LoadState=loaded
service Manager=openrc
service ActiveState={state}
service UnitFileState=enabled
service
"""


def listed(state: str) -> InstalledServers:
    return parse_servers(LISTED.format(state=state), ())


def test_a_product_is_looked_at_once_whatever_its_programs_are_called() -> None:
    chosen = list(candidates(listed("inactive"), 443, is_held=False))
    assert [each.name for each in chosen] == ["httpd"]
    assert chosen[0].service
    assert chosen[0].service.name == "apache2"


@pytest.mark.parametrize(("state", "verb"), [("inactive", "start"), ("active", "restart")])
def test_openrc_starts_what_it_started_before(state: str, verb: str) -> None:
    """It starts nothing that it believes to run."""
    candidate = next(iter(candidates(listed(state), 443, is_held=False)))
    server = described(candidate, BUILD.format("/etc/apache2", "httpd.conf"), {})
    assert server.start == ("rc-service", "apache2", verb)
    assert server.unit == ""
