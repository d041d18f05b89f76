"""A fix that is cut off at one of its steps: without anybody the server is healed, or as before."""

import signal
import subprocess
import sys

import pytest

from diagnose.fixing.journal import OPEN_FOLDER
from tests.support.effort import ALL

from . import state
from .hosts import REPOSITORY, until
from .lab import SERVER, Lab
from .scenario import found
from .state import Snapshot

pytestmark = pytest.mark.lab

#: Seconds that the server waits for a word of the fix; and that all may take after that.
SECONDS, PATIENCE = 4, 60
#: More steps than any remedy has.
MOST = 12

#: "restart": killed after the step, and the machine is started anew.
CUTS = ("before", "after", "ssh", "full", "restart")

#: What the fix prints in place of doing it.
BY_HAND = ("Read its steps, then run them yourself", "Only a person can do this")

#: What it prints on a server where nothing is wrong.
NOTHING = "There is nothing to fix"

#: What `make test` plays.
SAMPLE = (
    ("https_closed_in_firewalld", "ssh"),
    ("upgrade_headers_missing", "full"),
    ("dropped_in_a_chain_of_its_own", "after"),
    ("forward_chain_of_hand_drops", "before"),
    ("server_has_an_old_line_in_hosts", "ssh"),
)


def pairs() -> list[tuple[str, str]]:
    """A sample; with DIAGNOSE_ALL the remedy of each check, as far as a program may carry it out,
    with each cut."""
    if not ALL:
        return list(SAMPLE)
    remedies = {
        scenario.server or scenario.outside: name
        for name, scenario in reversed(found().items())
        if not scenario.healthy and not scenario.manual
    }
    names = dict.fromkeys([name for name, _ in SAMPLE] + list(remedies.values()))
    return [(name, cut) for name in names for cut in CUTS]


def run(
    lab: Lab, cut: str, number: int, words: tuple[str, ...]
) -> subprocess.CompletedProcess[str]:
    host, more = lab.server, ("fix", "--yes", *words)
    if cut == "ssh":
        host, more = lab.client, ("fix", "--yes", "--server", f"ssh://root@{SERVER}", *words)
    cut = "after" if cut == "restart" else cut
    argv = [sys.executable, "-m", "tests.lab.cutting", cut, str(SECONDS), str(number), *more]
    return host.run(argv, env={"PYTHONPATH": str(REPOSITORY)}, timeout=120)


def restart_machine(lab: Lab) -> None:
    """What an abrupt restart leaves: the files. No process, no rule of the packet filter."""
    lab.server.sh("nft flush ruleset")
    lab.server.sh(f"sh {OPEN_FOLDER}/undo.sh boot", check=False)


#: What a restart ends, and the laboratory's only in part: its processes go on.
NOT_FILES = ("rules", "listeners", "processes")


def kill_waiting(lab: Lab) -> None:
    """What waits for the fix ends with the machine."""
    lab.server.sh(f"read -r pid < {OPEN_FOLDER}/waiting && kill -KILL -$pid")


def say_cut(cut: str, number: int, done: subprocess.CompletedProcess[str]) -> str:
    return f"{cut} {number}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize(("name", "cut"), pairs())
def test_at_each_step(laboratory: Lab, name: str, cut: str) -> None:
    scenario = found()[name]
    if why := scenario.obstacle():
        pytest.skip(why)
    if cut == "ssh" and scenario.expected["both"] != scenario.expected["server"]:
        pytest.skip("no connection gets to the server")
    for number in range(MOST):
        laboratory.restore(ipv6=scenario.ipv6)
        scenario.apply(laboratory)
        faulty, rules = laboratory.snapshot(), state.rules(laboratory.server)
        laboratory.undo(lambda: laboratory.server.sh("mount -o remount,size=50% /mnt", check=False))
        result = run(laboratory, cut, number, (*scenario.args, scenario.target))
        if cut == "restart" and result.returncode == -signal.SIGKILL:
            kill_waiting(laboratory)
            restart_machine(laboratory)
            changed = faulty.difference(laboratory.snapshot(), NOT_FILES)
            assert not changed, say_cut(cut, number, result)
            continue
        until(
            lambda: not laboratory.server.path(OPEN_FOLDER).exists(),
            f"the fix ends\n{result.stdout}{result.stderr}",
            timeout=PATIENCE,
        )
        assert_healed_or_as_before(laboratory, faulty, rules, f"{cut} {number}\n{result.stdout}")
        if result.returncode == 0 and (cut != "full" or NOTHING in result.stdout):
            break  # it has no such step
        if any(text in result.stdout for text in BY_HAND):
            pytest.skip("no program carries it out from there")
        if cut == "full" and "It helped" in result.stdout:
            break
    else:
        pytest.fail("it never came to its end")


def assert_healed_or_as_before(lab: Lab, faulty: Snapshot, rules: str, about: str) -> None:
    def difference() -> list[str]:
        changed = faulty.difference(lab.snapshot())
        return changed + ([now] if (now := state.rules(lab.server)) != rules else [])

    def settled() -> bool:
        try:
            lab.check()
        except Exception:
            return not difference()
        return True

    try:
        until(settled, "it settles")
    except Exception:
        pytest.fail(f"neither healed nor as before: {difference()}\n{about}")


def test_killed_by_a_restart_of_the_machine(laboratory: Lab) -> None:
    """Only the files are left of it. The unit that runs at boot puts them back."""
    scenario = found()["upgrade_headers_missing"]
    laboratory.restore()
    scenario.apply(laboratory)
    faulty = laboratory.snapshot()
    result = run(laboratory, "after", 0, (*scenario.args, scenario.target))
    assert result.returncode == -signal.SIGKILL
    kill_waiting(laboratory)
    restart_machine(laboratory)
    changed = faulty.difference(laboratory.snapshot(), ("rules",))
    assert not changed


BOOT_UNIT = "/usr/local/lib/systemd/system/diagnose-undo-at-boot.service"

#: A step that edits a file of nginx, and one that writes firewalld's permanent rules.
POWER_CUTS = (("upgrade_headers_missing", 0), ("https_closed_in_firewalld", 1))


@pytest.mark.parametrize(("name", "number"), POWER_CUTS if ALL else POWER_CUTS[1:])
def test_power_is_cut(booted: Lab, name: str, number: int) -> None:
    """systemd starts the unit that was left for the boot, before the network and nginx."""
    scenario = found()[name]
    booted.restore()
    scenario.apply(booted)
    faulty = booted.snapshot()
    result = run(booted, "after", number, (*scenario.args, scenario.target))
    assert result.returncode == -signal.SIGKILL, result.stdout
    assert faulty.difference(booted.snapshot())
    booted.cut_power()
    assert not booted.server.path(OPEN_FOLDER).exists()
    assert not faulty.difference(booted.snapshot())
    assert not booted.server.path(BOOT_UNIT).exists()
    document = booted.diagnose(booted.server, "--json", *scenario.args, scenario.target).stdout
    assert '"host.fix-undone"' in document
    told = booted.diagnose(booted.server, "fix", "--dry-run", *scenario.args, scenario.target)
    assert "the server undid it by itself" in told.stdout + told.stderr
