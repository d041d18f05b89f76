"""Whether nginx's test names a further fault, or what the change itself has done."""

import pytest

from diagnose.fixing.nginx_test_progress import reveals_next_error
from diagnose.machine import CommandResult
from diagnose.model import Command, Edit, Evidence, Failure, commands
from diagnose.model.nginx import NginxTest
from diagnose.parsers.nginx.config import messages
from diagnose.parsers.nginx.edits import diff
from tests.support.check_evidence import evidence

CONF = "/etc/nginx/conf.d/shop.conf"
OLD = "server {\n  proxy_passs http://a;\n  listen 443 ssl;\n}\n"
EDIT = Edit(CONF, diff(CONF, OLD, OLD.replace("passs", "pass")))
LONGER = Edit(CONF, diff(CONF, OLD, f"# mended\n{OLD}"))
TEST = commands.test_nginx(("nginx",))

MISTYPED = f'unknown directive "proxy_passs" in {CONF}:2'
NO_KEY = 'cannot load certificate key "/etc/ssl/shop.key": PEM_read_bio_PrivateKey() failed'


def said(text: str) -> str:
    return f"nginx: [emerg] {text}\nnginx: configuration file /etc/nginx/nginx.conf test failed\n"


def stood(text: str) -> Evidence:
    return evidence(NginxTest(binary="nginx", passed=False, messages=messages(said(text))))


def named(text: str, before: str = MISTYPED, edit: Edit = EDIT, step: Command = TEST) -> bool:
    ran = CommandResult(step.argv, 1, "", said(text), 0.1, Failure("exit", "it ended with 1"))
    return reveals_next_error((edit,), step, ran, stood(before))


@pytest.mark.parametrize(
    "text",
    [
        NO_KEY,
        f'unknown directive "lisen" in {CONF}:3',
        'unknown directive "proxy_passs" in /etc/nginx/conf.d/blog.conf:2',
    ],
)
def test_another_fault_in_another_place_is_a_further_one(text: str) -> None:
    assert named(text)


def test_the_same_words_some_lines_further_down_are_the_same_fault() -> None:
    assert not named(f'unknown directive "proxy_passs" in {CONF}:3', edit=LONGER)


def test_what_is_said_of_a_line_that_was_changed_comes_of_the_change() -> None:
    assert not named(f"invalid URL prefix in {CONF}:2")


@pytest.mark.parametrize(
    "text",
    ['unexpected "}"', '"server" directive is not allowed here', '"root" directive is duplicate'],
)
def test_braces_and_semicolons_may_be_in_the_wrong_place_now(text: str) -> None:
    assert not named(f"{text} in {CONF}:4")


def test_behind_a_brace_that_was_guessed_no_line_is_believed() -> None:
    missing = f'unexpected end of file, expecting "}}" in {CONF}:5'
    assert not named(f'unknown directive "lisen" in {CONF}:3', missing)
    # What names no line is found after all files were read.
    assert named(NO_KEY, missing)
    assert named('unknown "connection_upgrade" variable', missing)


def test_what_keeps_a_server_with_a_valid_configuration_from_starting_is_another_fault() -> None:
    start = commands.start_nginx(("nginx",))
    held = CommandResult(start.argv, 1, "", "bind() failed (98)", 0.1, Failure("exit", "1"))
    assert reveals_next_error((EDIT, TEST), start, held, stood(MISTYPED))
    passed = evidence(NginxTest(binary="nginx", passed=True))
    assert not reveals_next_error((EDIT, TEST), start, held, passed)
    assert not reveals_next_error((EDIT,), start, held, stood(MISTYPED))
    assert not reveals_next_error((TEST,), start, held, stood(MISTYPED))


def test_only_a_test_that_had_failed_before_can_hide_a_fault() -> None:
    ran = CommandResult(TEST.argv, 1, "", said(NO_KEY), 0.1, Failure("exit", "it ended with 1"))
    passed = evidence(NginxTest(binary="nginx", passed=True))
    assert not reveals_next_error((EDIT,), TEST, ran, passed)
    assert not named(NO_KEY, step=commands.reload_nginx(("nginx",)))
