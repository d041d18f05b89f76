from dataclasses import replace

from checks.nginx import Nginx
from checks.nginx._errors import (
    ConfigFault,
    config_error_claim,
    directive_at,
    find_config_error,
    find_startup_error,
)
from diagnose.model import Fix, Observation
from diagnose.model.files import NginxStart
from diagnose.model.logs import LogLine
from diagnose.model.server import Listener, Listeners
from tests.support.check_evidence import evidence
from tests.support.nginx_evidence import FILE, LOADED, RUNNING, SITE, STOPPED, config, nginx_says

BIND = "bind() to 0.0.0.0:443 failed (13: Permission denied)"
LINE = LogLine(file="/var/log/nginx/error.log", when=LOADED + 5, level="emerg", pid=7, text=BIND)
START = NginxStart(messages=nginx_says("first", BIND).messages)


def view(*observations: Observation) -> Nginx:
    return Nginx.of(evidence(*observations))


def test_the_error_of_nginx_t_matches_from_its_beginning() -> None:
    nginx = view(nginx_says(BIND))
    error = find_config_error(nginx, r"bind\(\) to (\S+)")
    assert error is not None
    assert error[1][1] == "0.0.0.0:443"
    assert find_config_error(nginx, r"to \S+") is None
    assert find_config_error(view(nginx_says()), "bind") is None
    assert find_config_error(view(), "bind") is None


def test_the_last_error_of_a_failed_start_stops_nginx() -> None:
    error = find_startup_error(view(STOPPED, START), "bind")
    assert error is not None
    assert error[2] == (START,)
    assert find_startup_error(view(STOPPED, START), "first") is None
    assert find_startup_error(view(RUNNING, START), "bind") is None


def test_the_error_of_nginx_t_comes_before_that_of_a_start() -> None:
    test = nginx_says(BIND)
    error = find_startup_error(view(STOPPED, START, test), "bind")
    assert error is not None
    assert error[2] == (test,)


def test_a_start_says_nothing_while_another_program_has_the_port() -> None:
    socket = Listener(address="0.0.0.0", port=443, family=4, pid=9, process="apache2")
    assert find_startup_error(view(STOPPED, START, Listeners(sockets=(socket,))), "bind") is None


def test_a_running_master_has_only_its_own_later_lines() -> None:
    assert find_startup_error(view(RUNNING, LINE), "bind")
    assert not find_startup_error(view(RUNNING, replace(LINE, pid=8)), "bind")
    assert not find_startup_error(view(RUNNING, replace(LINE, when=LOADED - 5)), "bind")


def test_without_a_master_nothing_may_be_logged_after_the_error() -> None:
    later = replace(LINE, when=LOADED + 9, level="notice", text="start worker processes")
    assert find_startup_error(view(STOPPED, LINE), "bind")
    assert not find_startup_error(view(STOPPED, LINE, later), "bind")


def test_a_directive_is_found_by_the_line_on_which_it_ends() -> None:
    text = SITE.replace("server_name shop.example.com;", "server_name a\n    shop.example.com;")
    nginx = view(config(text))
    directive = directive_at(nginx, FILE, 5, "server_name")
    assert directive is not None
    assert directive.line == 4
    assert directive_at(nginx, FILE, 6, "server_name") is None
    assert directive_at(nginx, None, None, "server_name") is None


def test_a_claim_shows_the_place_and_whether_nginx_continues() -> None:
    test = nginx_says(f"unknown directive in {FILE}:3")
    message = test.fatal
    assert message is not None
    claim = config_error_claim(
        view(RUNNING, config(), test), ConfigFault(message, "nginx", {"more": 1}), Fix(())
    )
    assert (claim.facts["place"], claim.facts["running"]) == (f"{FILE}:3", True)
    assert claim.facts["more"] == 1
    assert claim.location is not None
    assert claim.location.line == 3
    claim = config_error_claim(view(STOPPED, test), ConfigFault(message, "nginx", {}), Fix(()))
    assert (claim.location, claim.facts["running"]) == (None, False)
