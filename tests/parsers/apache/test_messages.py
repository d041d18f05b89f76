from diagnose.parsers.apache.messages import parse_build, parse_dump, parse_test
from diagnose.parsers.config_error import ConfigError

BUILD = """\
Server version: Apache/2.4.37 (Red Hat Enterprise Linux)
Server built:   2024-01-01
 -D HTTPD_ROOT="/etc/httpd"
 -D SERVER_CONFIG_FILE="conf/httpd.conf"
"""
NESTED = (
    "apache2: Syntax error on line 225 of /etc/apache2/apache2.conf: Syntax error on line 3 of "
    "/etc/apache2/sites-enabled/shop.conf: </VirtualHost> without matching <VirtualHost> section"
)


def test_the_build_of_httpd_and_of_another_program() -> None:
    build = parse_build(BUILD)
    assert build
    assert (build.version, build.root, build.config) == ("2.4.37", "/etc/httpd", "conf/httpd.conf")
    assert parse_build("BusyBox v1.36 multi-call binary") is None


def test_the_message_stands_on_the_next_line() -> None:
    text = (
        "AH00558: apache2: Could not reliably determine the server's name\n"
        "AH00526: Syntax error on line 5 of /etc/apache2/sites-enabled/shop.conf:\n"
        "SSLCertificateFile: file '/x.pem' does not exist or is empty\n"
        "Action '-t' failed.\nThe Apache error log may have more information.\n"
    )
    error, others = parse_test(text)
    assert error == ConfigError(
        "SSLCertificateFile: file '/x.pem' does not exist or is empty",
        "/etc/apache2/sites-enabled/shop.conf",
        5,
    )
    assert others == ()


def test_the_innermost_place_counts() -> None:
    error, _ = parse_test(NESTED)
    assert error.file == "/etc/apache2/sites-enabled/shop.conf"
    assert error.line == 3
    assert error.message == "</VirtualHost> without matching <VirtualHost> section"


def test_the_place_of_a_virtual_host_whose_log_has_no_folder() -> None:
    text = (
        "(2)No such file or directory: AH02291: Cannot access directory '/var/log/shop/' for error "
        "log of vhost defined at /etc/apache2/sites-enabled/shop.conf:1\n"
        "AH00014: Configuration check failed\n"
    )
    error, _ = parse_test(text)
    assert (error.file, error.line) == ("/etc/apache2/sites-enabled/shop.conf", 1)


def test_a_message_without_a_place_and_no_message() -> None:
    assert parse_test("apache2: AH00534: no MPM loaded.")[0].message == "AH00534: no MPM loaded."
    assert parse_test("Syntax OK\n")[0] == ConfigError("")


def test_the_dump_has_modules_and_places() -> None:
    text = (
        "Loaded Modules:\n core_module (static)\n ssl_module (shared)\n"
        "VirtualHost configuration:\n*:443  shop.example.com (/etc/httpd/conf.d/shop.conf:3)\n"
    )
    modules, places = parse_dump(text)
    assert modules == ("core", "ssl")
    assert set(places) == {("/etc/httpd/conf.d/shop.conf", 3)}
    assert parse_dump("") == ((), frozenset())
