"""What is done about which cause, in which order, and what is left to a person."""

import pytest

from diagnose.fixing.plan import (
    SkipReason,
    changed_paths,
    irreversible_steps,
    is_reload_or_test,
    is_reversible,
    permission_paths,
    plans,
    repeated_reloads,
)
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Edit,
    Finding,
    Fix,
    Manual,
    Report,
    Step,
    Subject,
    Where,
)
from tests.support.check_evidence import evidence
from tests.support.report_builder import check

RELOAD = Command(("nginx", "-s", "reload"))
OPEN = Command(("firewall-cmd", "--add-service=https"), undo=("firewall-cmd", "--remove-service"))


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
        ((Command(("true",), where=Where.CLIENT),), Applicability.AUTOMATIC, "client"),
    ],
)
def test_what_is_not_for_a_program_is_left_with_the_reason(
    steps: tuple[Step, ...], how: Applicability, reason: SkipReason
) -> None:
    made, left = plans(report(cause("tcp.refused", *steps, how=how)))
    assert made == ()
    assert [one.reason for one in left] == [reason]


@pytest.mark.parametrize(
    ("step", "paths"),
    [
        (Edit("/etc/nginx/a.conf", ""), ("/etc/nginx/a.conf",)),
        (OPEN, ("/etc/firewalld",)),
        (Command(("/usr/sbin/ufw", "allow", "443")), ("/etc/ufw", "/etc/default/ufw")),
        (Command(("ln", "-s", "/a/b", "/c/d")), ("/a/b", "/c/d")),
        (RELOAD, ()),
        (Command(("chmod", "644", "/a")), ()),
    ],
)
def test_what_a_step_changes_is_known_beforehand(step: Step, paths: tuple[str, ...]) -> None:
    assert changed_paths(step) == paths


def test_who_may_read_a_file_is_kept_apart_from_what_is_in_it() -> None:
    assert permission_paths(Command(("chmod", "644", "/a"))) == ("/a",)
    assert permission_paths(RELOAD) == ()


@pytest.mark.parametrize(
    ("step", "again"),
    [
        (RELOAD, True),
        (Command(("nginx", "-t")), True),
        (Command(("systemctl", "reload", "nginx")), True),
        (Command(("firewall-cmd", "--reload")), True),
        (Command(("nginx",)), False),
        (Command(("firewall-cmd", "--reload"), undo=("firewall-cmd", "--x")), False),
        (Edit("/a", ""), False),
    ],
)
def test_what_makes_programs_read_their_files_is_done_again_after_an_undo(
    step: Step, again: bool
) -> None:
    assert is_reload_or_test(step) is again


EDIT = Edit("/a", "")
TEST, STOP, START = (Command(("nginx", *more)) for more in (("-t",), ("-s", "stop"), ()))
DOCKER = Command(("service", "docker", "restart"))
KILL = Command(("kill", "-QUIT", "1"))
ADDED = Command(("nft", "add", "rule", "inet", "t", "c", "tcp", "dport", "443", "accept"))
GONE = Command(("nft", "delete", "rule", "inet", "t", "c", "handle", "3"))
LINK = Command(("ln", "-s", "/a", "/b"))
MODE = Command(("chmod", "644", "/a"))
SET = Command(("sysctl", "-w", "a=1"), undo=("sysctl", "-w", "a=0"))


@pytest.mark.parametrize(
    ("step", "back"),
    [(EDIT, True), (LINK, True), (MODE, True), (SET, True), (ADDED, True), (GONE, False),
     (RELOAD, False), (DOCKER, False), (KILL, False)],
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
    ],
)
def test_what_nothing_takes_back_stays_and_is_known(
    steps: tuple[Step, ...], again: tuple[Step, ...], stay: tuple[Step, ...]
) -> None:
    assert tuple(repeated_reloads(steps)) == again
    assert irreversible_steps(steps) == stay
