"""A step comes out of the journal as it went in, also out of a journal of an earlier version."""

import json
import shlex

import pytest

from diagnose.fixing.journal_steps import step_from_json, step_to_json
from diagnose.fixing.plan import irreversible_steps, named_paths, repeated_reloads
from diagnose.model import Aspect, Command, Edit, Effect, Risk, commands, firewall_commands

EDIT = Edit("/etc/nginx/a.conf", "--- a\n+++ b\n")
OPEN = firewall_commands.firewall_cmd(
    ("--add-port=443/tcp",), ("--remove-port=443/tcp",), Risk.OPENS_TO_ALL
)


@pytest.mark.parametrize(
    "step",
    [
        EDIT,
        commands.test_nginx(("nginx",)),
        commands.reload_nginx(("/opt/nginx/sbin/nginx", "-c", "/a")),
        commands.reset_failed("nginx"),
        commands.start_service("nginx"),
        Command(("chmod", "644", "/a"), Effect.CHANGE, changes=("/a",), aspect="permissions"),
    ],
)
def test_a_step_is_read_as_it_was_written(step: Command | Edit) -> None:
    assert step_from_json(json.loads(json.dumps(step_to_json(step)))) == step


def test_a_journal_of_an_earlier_version_still_reads_what_is_written_now() -> None:
    written = json.loads(json.dumps(step_to_json(OPEN)))
    assert (written["argv"], written["undo"]) == (list(OPEN.argv), list(OPEN.undo))


def earlier(typed: str, undo: str = "") -> Command:
    """Read a command as earlier versions wrote it."""
    step = step_from_json({"argv": shlex.split(typed), "undo": shlex.split(undo)})
    assert isinstance(step, Command)
    return step


@pytest.mark.parametrize(
    ("typed", "effect"),
    [
        ("nginx -t", Effect.TEST),
        ("/opt/nginx/sbin/nginx -c /a -t", Effect.TEST),
        ("nginx -s reload", Effect.RELOAD),
        ("systemctl reload nginx", Effect.RELOAD),
        ("firewall-cmd --reload", Effect.RELOAD),
        ("podman network reload --all", Effect.RELOAD),
        ("systemctl restart nginx", Effect.RESTART),
        ("service docker restart", Effect.RESTART),
        ("nginx -s stop", Effect.STOP),
        ("systemctl stop nginx.socket", Effect.STOP),
        ("systemctl reset-failed nginx", Effect.RESET),
        ("nginx", Effect.CHANGE),
        ("kill -QUIT 7", Effect.CHANGE),
        ("iptables -t nat -D PREROUTING 1", Effect.CHANGE),
    ],
)
def test_the_effect_of_an_earlier_command_is_guessed(typed: str, effect: Effect) -> None:
    assert earlier(typed).effect is effect


@pytest.mark.parametrize(
    ("typed", "changes", "aspect"),
    [
        ("firewall-cmd --reload", ("/etc/firewalld",), "settings"),
        ("/usr/sbin/ufw allow 443", ("/etc/ufw", "/etc/default/ufw"), "settings"),
        ("systemctl enable nginx", ("/etc/systemd/system",), "settings"),
        ("ln -s /a/b /c/d", ("/a/b", "/c/d"), "entry"),
        ("mv -n /a /b", ("/a", "/b"), "entry"),
        ("sed -i -e s/a// /a", ("/a",), "content"),
        ("sh -c 'echo' /a /dev/null", ("/a",), "content"),
        ("chmod 644 /a", ("/a",), "permissions"),
        ("/usr/sbin/restorecon -v /a", ("/a",), "permissions"),
        ("sysctl -w a=/b", (), "content"),
        ("nginx -c /a -s reload", (), "content"),
    ],
)
def test_the_files_of_an_earlier_command_are_guessed(
    typed: str, changes: tuple[str, ...], aspect: Aspect
) -> None:
    step = earlier(typed)
    assert (step.changes, step.aspect) == (changes, aspect)


def test_an_earlier_fix_is_undone_as_it_was_then() -> None:
    test, reload = earlier("nginx -t"), earlier("systemctl reload nginx")
    link = earlier("ln -sfn /a /b")
    assert named_paths(link) == ("/a", "/b")
    assert repeated_reloads((link, test, reload)) == [test, reload]
    assert irreversible_steps((test, reload)) == (reload,)
    assert irreversible_steps((earlier("systemctl reset-failed nginx"),)) == ()
