from dataclasses import replace

from diagnose.model import Applicability, Command, Edit, Severity, commands, server_commands
from diagnose.model.web_servers import WebServerTest
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.caddy_evidence import CONFIG as CADDYFILE
from tests.support.check_evidence import REFUSED, judge
from tests.support.firewall_rules import connected
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import TEXT as HAPROXY_TEXT
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.web_server_evidence import APACHE, LISTENING, PASSED, SITE, apache_config

CHECK = "server.config-invalid"
FAILED = WebServerTest(
    product="apache",
    passed=False,
    message="Invalid command 'SSLEngin', perhaps misspelled",
    file=SITE,
    line=3,
)
UNKNOWN = replace(FAILED, message="Invalid command 'RewriteEngine', perhaps misspelled")


def test_fires_with_the_place_that_the_server_names() -> None:
    (claim,) = judge(CHECK, APACHE, FAILED, LISTENING)
    assert claim.facts["place"] == f"{SITE}:3"
    assert claim.facts["running"] is True
    assert claim.severity is Severity.WARNING
    (claim,) = judge(CHECK, APACHE, FAILED, LISTENING, connected(failure=REFUSED))
    assert claim.severity is None
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL, "its file was not read"


def test_fires_with_the_directive_that_is_misspelled() -> None:
    config = apache_config()
    (file,) = (file for file in config.files if file.path == SITE)
    lines = file.text.split("\n")
    number = next(n for n, line in enumerate(lines, 1) if "SSLEngine" in line)
    text = file.text.replace("SSLEngine", "SSLEngin")
    files = tuple(replace(f, text=text) if f is file else f for f in config.files)
    failed = replace(FAILED, line=number)
    (claim,) = judge(CHECK, APACHE, failed, replace(config, files=files), LISTENING)
    assert claim.facts["spelling"] == "SSLEngine"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = next(step for step in claim.fix.steps if isinstance(step, Edit))
    assert "+    SSLEngine on" in edit.diff
    (claim,) = judge(CHECK, APACHE, replace(failed, line=1), config, LISTENING)
    assert not claim.facts["spelling"], "the line has another word"


COMMENTED = "    SSLEngine on # for the shop"


def test_fires_with_a_comment_that_stands_behind_an_argument() -> None:
    config = apache_config()
    (file,) = (file for file in config.files if file.path == SITE)
    number = next(n for n, line in enumerate(file.text.split("\n"), 1) if "SSLEngine" in line)

    def corrected(line: str, message: str = "SSLEngine must be On or Off") -> str:
        text = file.text.replace("    SSLEngine on", line)
        files = tuple(replace(f, text=text) if f is file else f for f in config.files)
        failed = replace(FAILED, line=number, message=message)
        (claim,) = judge(CHECK, APACHE, failed, replace(config, files=files), LISTENING)
        edits = (
            [step.diff for step in claim.fix.steps if isinstance(step, Edit)] if claim.fix else []
        )
        return "".join(edits)

    wanted = "+    # for the shop\n+    SSLEngine on\n"
    assert wanted in corrected(COMMENTED)
    assert wanted in corrected(COMMENTED, "SSLEngine takes one argument, SSL switch")
    assert not corrected(COMMENTED, "ProxyPass takes one argument"), "another directive"
    assert not corrected("    SSLEngine on#1"), "a word with the character"
    assert not corrected('    SSLEngine "on # off"'), "in quotes"


def test_fires_with_the_edit_of_words_of_caddy_1() -> None:
    text = "shop.example.com {\n\tproxy / localhost:3000\n}\n"
    failed = replace(
        FAILED, product="caddy", file=CADDYFILE, line=2, message="unrecognized directive: proxy"
    )
    (claim,) = judge(CHECK, CADDY, failed, caddy_config(text), LISTENING)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = next(step for step in claim.fix.steps if isinstance(step, Edit))
    assert "+\treverse_proxy localhost:3000" in edit.diff
    (claim,) = judge(CHECK, CADDY, failed, caddy_config(text.replace("3000", "3000/x")), LISTENING)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_with_the_module_that_brings_the_directive() -> None:
    config = apache_config(modules=("ssl",))
    (claim,) = judge(CHECK, APACHE, UNKNOWN, config, LISTENING)
    assert claim.facts["modules"] == ("rewrite",)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    (again,) = judge(CHECK, APACHE, UNKNOWN, apache_config(), LISTENING)
    assert again.facts["modules"] == (), "it is loaded: the mistake is another"


def test_fires_on_a_server_that_does_not_run_and_starts_it() -> None:
    stopped = replace(APACHE, pid=None, ports=())
    (claim,) = judge(CHECK, stopped, FAILED)
    assert claim.severity is None
    assert claim.fix
    assert list(claim.fix.steps)[-1].argv == APACHE.start  # type: ignore[union-attr]


def test_fires_with_what_caddy_has_in_the_place_of_an_unknown_word() -> None:
    place = f"{CADDYFILE}:2: unrecognized directive:"
    failed = replace(FAILED, product="caddy", file=CADDYFILE, line=2)
    stopped = replace(CADDY, pid=None, ports=())
    old = replace(failed, message=f"{place} gzip")
    (claim,) = judge(CHECK, stopped, old)
    assert (claim.facts["old"], claim.facts["wanted"]) == (True, "encode gzip")
    address = replace(failed, message=f"{place} localhost:3000")
    (claim,) = judge(CHECK, stopped, address)
    assert (claim.facts["address"], claim.facts["wanted"]) == (True, "reverse_proxy localhost:3000")
    grpc = "module not registered: http.reverse_proxy.transport.grpc"
    (claim,) = judge(CHECK, stopped, replace(failed, message=grpc))
    assert (claim.facts["transport"], claim.facts["grpc"]) == (True, True)
    plugin = "module not registered: dns.providers.cloudflare"
    (claim,) = judge(CHECK, stopped, replace(failed, message=plugin))
    assert claim.facts["wanted"] == "github.com/caddy-dns/cloudflare"
    unknown = replace(failed, message=f"{place} gzipp")
    (claim,) = judge(CHECK, stopped, unknown)
    assert not any(claim.facts[kind] for kind in ("address", "site", "old", "needless"))


def test_fires_with_what_caddy_has_for_a_word_of_nginx_and_a_site_that_stands_twice() -> None:
    failed = replace(
        FAILED, product="caddy", file=CADDYFILE, message="unrecognized directive: proxy_pass"
    )
    (claim,) = judge(CHECK, CADDY, failed, LISTENING)
    assert claim.facts["foreign"]
    assert claim.facts["wanted"] == "reverse_proxy HOST:PORT"
    twice = replace(failed, message="ambiguous site definition: shop.example.com", line=0)
    (claim,) = judge(CHECK, CADDY, twice, LISTENING)
    assert (claim.facts["twice"], claim.facts["word"]) == (True, "shop.example.com")


def test_fires_with_the_folder_of_a_log_and_with_lines_of_apache_2_2() -> None:
    words = "AH02291: Cannot access directory '/var/log/my shop/' for error log"
    (claim,) = judge(CHECK, APACHE, replace(FAILED, message=words), LISTENING)
    assert claim.facts["new_log_folder"] == "/var/log/my shop/"
    assert claim.fix
    assert claim.fix.steps[0] == commands.make_folder("/var/log/my shop/")
    custom = words.replace("AH02291", "AH02297")
    (claim,) = judge(CHECK, APACHE, replace(FAILED, message=custom), LISTENING)
    assert claim.facts["new_log_folder"]
    old = replace(FAILED, message="Invalid command 'Order', perhaps misspelled")
    (claim,) = judge(CHECK, APACHE, old, LISTENING)
    assert claim.facts["old_access"]
    (claim,) = judge(CHECK, APACHE, FAILED, LISTENING)
    assert not claim.facts["old_access"]


def test_silent_when_the_test_passes_or_another_program_has_the_port() -> None:
    assert not judge(CHECK, APACHE, PASSED, LISTENING)
    assert not judge(CHECK, replace(APACHE, ports=(8080,)), FAILED, LISTENING)
    assert not judge(CHECK, replace(APACHE, foreign=True), FAILED, LISTENING)


MPM = replace(FAILED, file="", line=0)


def test_fires_where_no_module_handles_the_processes_of_apache() -> None:
    none = replace(MPM, message="AH00534: apache2: Configuration error: No MPM loaded.")
    (claim,) = judge(CHECK, APACHE, none, apache_config(), LISTENING)
    assert claim.facts["mpm"] == "mpm_event"
    assert claim.fix
    assert claim.fix.steps[0] == server_commands.enable_apache_modules(("mpm_event",))
    # Alpine, Gentoo and cPanel have that folder, and no such command.
    (claim,) = judge(
        CHECK, replace(APACHE, config="/etc/apache2/httpd.conf"), none, apache_config(), LISTENING
    )
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    with_php = apache_config(modules=("php8",))
    (claim,) = judge(CHECK, APACHE, none, with_php, LISTENING)
    assert claim.facts["mpm"] == "mpm_prefork"


def test_fires_where_two_modules_handle_the_processes_of_apache() -> None:
    two = replace(MPM, message="AH00534: apache2: Configuration error: More than one MPM loaded.")
    config = apache_config(modules=("mpm_event", "mpm_prefork"))
    (claim,) = judge(CHECK, APACHE, two, config, LISTENING)
    assert (claim.facts["mpm"], claim.facts["mpm_twice"]) == ("mpm_event", True)
    assert claim.fix
    assert claim.fix.steps[0] == server_commands.disable_apache_module("mpm_prefork")


GONE = (
    "Cannot load /usr/lib/apache2/modules/{0} into server: /usr/lib/apache2/modules/{0}: "
    "cannot open shared object file: No such file or directory"
)


def test_fires_where_the_file_of_a_module_is_gone() -> None:
    folder = "/etc/apache2/mods-enabled"
    gone = replace(FAILED, message=GONE.format("mod_x.so"), file=f"{folder}/x.load", line=1)
    (claim,) = judge(CHECK, APACHE, gone, apache_config(), LISTENING)
    assert claim.facts["gone_module"] == "x"
    assert claim.fix
    assert claim.fix.steps[0] == server_commands.disable_apache_module("x")


def test_leaves_the_module_of_php_to_a_person() -> None:
    """Without one, Apache would send the source of scripts."""
    file = "/etc/apache2/mods-enabled/php7.4.load"
    gone = replace(FAILED, message=GONE.format("libphp7.4.so"), file=file, line=1)
    (claim,) = judge(CHECK, APACHE, gone, apache_config(), LISTENING)
    assert claim.facts["gone_php"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_and_gives_the_only_copy_of_a_missing_file_its_name_back() -> None:
    copy = f"{CADDYFILE}.bak"
    failed = WebServerTest(
        product="caddy",
        passed=False,
        message=f"reading input file: open {CADDYFILE}: no such file or directory",
        missing=CADDYFILE,
        former=(copy,),
    )
    (claim,) = judge(CHECK, replace(CADDY, pid=None), failed, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert isinstance(claim.fix.steps[0], Command)
    assert claim.fix.steps[0].argv == ("mv", "-n", copy, CADDYFILE)
    several = replace(failed, former=(copy, f"{CADDYFILE}~"))
    (claim,) = judge(CHECK, replace(CADDY, pid=None), several, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert claim.facts["missing"] == CADDYFILE


def edited(text: str, message: str, line: int) -> str:
    """What the remedy writes into the site's file."""
    failed = replace(FAILED, message=message, line=line)
    (claim,) = judge(CHECK, APACHE, failed, apache_config(text), LISTENING, masked=False)
    assert claim.fix
    edits = [step.diff for step in claim.fix.steps if isinstance(step, Edit)]
    assert bool(edits) is (claim.fix.applicability is Applicability.REVIEW)
    return "".join(edits)


def with_line(line: str) -> str:
    return f"<VirtualHost *:443>\n    ServerName shop.example.com\n    {line}\n</VirtualHost>\n"


def test_fires_with_the_edit_of_a_slip() -> None:
    text = with_line("Options -Indexes FollowSymLinks")
    message = "Either all Options must start with + or -, or no Option may."
    assert "+    Options -Indexes +FollowSymLinks" in edited(text, message, 3)
    assert not edited(text, "Illegal option Everything", 3)


def test_fires_with_lines_that_this_apache_has_no_more() -> None:
    text = with_line("RewriteLog /var/log/rw.log\n    RewriteLogLevel 3")
    diff = edited(text, "Invalid command 'RewriteLog', perhaps misspelled", 3)
    assert "-    RewriteLog /var" in diff
    assert "-    RewriteLogLevel 3" in diff


def test_fires_with_lines_for_a_php_that_is_not_loaded() -> None:
    text = with_line("php_admin_value open_basedir /srv")
    diff = edited(text, "Invalid command 'php_admin_value', perhaps misspelled", 3)
    assert "+    <IfModule mod_php.c>\n     php_admin_value open_basedir /srv\n+    </IfMod" in diff


def test_fires_with_the_lost_file_of_certbot() -> None:
    words = "Could not open configuration file {}: No such file or directory"
    file = "/etc/letsencrypt/options-ssl-apache.conf"
    text = with_line(f"Include {file}")
    assert "+    SSLEngine on" in edited(text, words.format(file), 3)
    other = "/etc/apache2/closed.conf"
    assert not edited(with_line(f"Include {other}"), words.format(other), 3), "it may close a path"


def test_fires_with_the_store_of_sessions_that_is_not_loaded() -> None:
    message = (
        "SSLSessionCache: 'shmcb' session cache not supported (known names: ). Maybe you need to "
        "load the appropriate socache module (mod_socache_shmcb?)."
    )
    failed = replace(FAILED, message=message)
    (claim,) = judge(CHECK, APACHE, failed, apache_config(), LISTENING, masked=False)
    assert claim.facts["modules"] == ("socache_shmcb",)


def test_fires_with_the_plain_character_in_place_of_one_that_looks_like_it() -> None:
    text = HAPROXY_TEXT.replace("    default_backend app", "    default_backend\u00a0app")
    failed = WebServerTest(
        product="haproxy", passed=False, message="unknown keyword 'default_backend\u00a0app'",
        file="/etc/haproxy/haproxy.cfg", line=7,
    )  # fmt: skip
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(text), failed, masked=False)
    assert claim.facts["characters"] == "U+00A0"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    default_backend app" in edit.diff
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(text), replace(failed, line=3), masked=False)
    assert not claim.facts["characters"], "another line is refused"
