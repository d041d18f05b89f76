"""What is done about which cause, in which order, and what is left to a person."""

from dataclasses import replace

import pytest

from diagnose.fixing.plan import (
    SkipReason,
    irreversible_steps,
    is_reload_or_test,
    is_reversible,
    named_paths,
    plans,
    problem_of,
    repeated_reloads,
)
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Edit,
    Effect,
    Finding,
    Fix,
    Manual,
    Report,
    Risk,
    Step,
    Subject,
    Where,
    commands,
    firewall_commands,
    network_commands,
)
from tests.support.check_evidence import evidence
from tests.support.report_builder import check

RELOAD = commands.reload_nginx(("nginx",))
OPEN = firewall_commands.firewall_cmd(
    ("--add-service=https",), ("--remove-service=https",), Risk.OPENS_TO_ALL
)


def cause(check_id: str, *steps: Step, how: Applicability = Applicability.AUTOMATIC) -> Finding:
    fix = Fix(steps, how) if steps else None
    return Finding("f1", check(check_id), Claim(about=Subject(), because=(), fix=fix))


def report(*causes: Finding) -> Report:
    return Report(evidence(), causes)


def test_the_door_is_opened_last_and_redirected_to_after_that() -> None:
    given = report(
        cause("firewall.port-closed", OPEN),
        cause("http.no-redirect", RELOAD),
        cause("listener.missing", RELOAD),
        cause("certificate.expired", RELOAD),
    )
    made, left = plans(given)
    assert [plan.cause.check.id for plan in made] == [
        "listener.missing",
        "certificate.expired",
        "firewall.port-closed",
        "http.no-redirect",
    ]
    assert left == ()


@pytest.mark.parametrize(
    ("steps", "how", "reason"),
    [
        ((), Applicability.AUTOMATIC, "none"),
        ((RELOAD,), Applicability.REVIEW, "review"),
        ((RELOAD,), Applicability.MANUAL, "manual"),
        ((Manual("x", Where.SERVER), RELOAD), Applicability.AUTOMATIC, "manual"),
        (
            (Command(("true",), Effect.CHANGE, where=Where.CLIENT),),
            Applicability.AUTOMATIC,
            "client",
        ),
    ],
)
def test_what_is_not_for_a_program_is_left_with_the_reason(
    steps: tuple[Step, ...], how: Applicability, reason: SkipReason
) -> None:
    made, left = plans(report(cause("tcp.refused", *steps, how=how)))
    assert made == ()
    assert [one.reason for one in left] == [reason]


def test_after_an_undone_fix_the_other_causes_are_left_and_what_it_seemed_to_explain() -> None:
    tried = replace(cause("server.prefix-kept", RELOAD), id="f2")
    behind = replace(cause("http.wrong-status", RELOAD), id="f3", explained_by="f2")
    closed = replace(cause("firewall.port-closed", OPEN), id="f4", explained_by="f2")
    stuck = replace(cause("http.redirect-loop"), id="f5", explained_by="f2")
    other = replace(cause("http.no-redirect", RELOAD), id="f6")
    given = report(tried, behind, closed, stuck, other)
    made, left = plans(given, {problem_of(tried)})
    assert [plan.cause for plan in made] == [other, behind]
    assert [(each.cause, each.reason) for each in left] == [(tried, "undone")]


def test_nothing_is_fixed_in_the_place_of_a_cause_that_was_not_tried() -> None:
    tried = cause("server.prefix-kept", RELOAD)
    behind = replace(cause("http.wrong-status", RELOAD), id="f3", explained_by=tried.id)
    made, _ = plans(report(tried, behind))
    assert [plan.cause for plan in made] == [tried]


@pytest.mark.parametrize(
    ("step", "paths"),
    [
        (Edit("/etc/nginx/a.conf", ""), ()),
        (OPEN, ()),
        (commands.link("/a/b", "/c/d"), ("/a/b", "/c/d")),
        (commands.chmod("644", "/a", before=0o600), ("/a",)),
        (RELOAD, ()),
    ],
)
def test_the_files_that_a_command_names_are_known_beforehand(
    step: Command | Edit, paths: tuple[str, ...]
) -> None:
    assert named_paths(step) == paths


@pytest.mark.parametrize(
    ("command", "again"),
    [
        (RELOAD, True),
        (commands.test_nginx(("nginx",)), True),
        (commands.restart_service("nginx"), True),
        (commands.start_nginx(("nginx",)), False),
        (firewall_commands.reload_firewalld(("firewall-cmd", "--remove-port=443/tcp")), False),
        (commands.reset_failed("nginx"), False),
    ],
)
def test_what_makes_programs_read_their_files_is_done_again_after_an_undo(
    command: Command, again: bool
) -> None:
    assert is_reload_or_test(command) is again


EDIT = Edit("/a", "")
TEST, STOP = commands.test_nginx(("nginx",)), commands.stop_nginx(("nginx",))
START = commands.start_nginx(("nginx",))
DOCKER = commands.restart_sysv_service("docker")
KILL = commands.quit_process(1)
RESET = commands.reset_failed("nginx")
ADDED = firewall_commands.add_nft_rule(
    ("add", "rule", "inet", "t", "c"), ("tcp", "dport", "443", "accept")
)
GONE = firewall_commands.delete_nft_rule(("inet", "t", "c", "handle", "3"), ())
LINK = commands.relink("/a", "/b")
MODE = Command(("chmod", "644", "/a"), Effect.CHANGE, changes=("/a",), aspect="permissions")
SET = network_commands.set_sysctl("a", 1, before=0)


@pytest.mark.parametrize(
    ("step", "back"),
    [(EDIT, True), (LINK, True), (MODE, True), (SET, True), (ADDED, True), (GONE, False),
     (RELOAD, False), (DOCKER, False), (KILL, False), (OPEN, True)],
)  # fmt: skip
def test_a_step_comes_back_by_its_undo_its_files_or_its_rule(step: Step, back: bool) -> None:
    assert is_reversible(step) is back


@pytest.mark.parametrize(
    ("steps", "again", "stay"),
    [
        ((EDIT, TEST, RELOAD), (TEST, RELOAD), ()),
        ((LINK, TEST, RELOAD), (TEST, RELOAD), ()),
        ((EDIT, TEST, STOP, START), (TEST, STOP, START), ()),
        ((SET,), (), ()),
        # Nothing was changed that could be read again.
        ((TEST, RELOAD), (), (RELOAD,)),
        ((STOP, START), (), (STOP, START)),
        ((DOCKER,), (), (DOCKER,)),
        ((SET, DOCKER), (DOCKER,), ()),
        ((EDIT, KILL), (), (KILL,)),
        ((GONE, ADDED), (), (GONE,)),
        ((EDIT, TEST, RESET, START), (TEST,), ()),
    ],
)
def test_what_nothing_takes_back_stays_and_is_known(
    steps: tuple[Step, ...], again: tuple[Step, ...], stay: tuple[Step, ...]
) -> None:
    assert tuple(repeated_reloads(steps)) == again
    assert irreversible_steps(steps) == stay
