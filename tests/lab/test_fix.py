"""`diagnose fix` where things go wrong: killed, no room, nothing may be written. That it heals
and can be taken back each scenario shows."""

import signal
import sys
from collections.abc import Callable
from functools import partial

import pytest

from tests.support.effort import ALL, sample

from . import certificates, site, state
from .hosts import REPOSITORY
from .lab import SERVER, Lab
from .scenario import found
from .scenarios.firewall import firewalld
from .scenarios.firewall_rules import CLOSED
from .scenarios.netfilter import alone, nft
from .scenarios.nginx import beside, start_in_vain
from .scenarios.nginx_files import of_certbot
from .services import Service
from .state import Snapshot

pytestmark = pytest.mark.lab

#: So many commands no fix takes.
MOST = 80
TARGET = f"https://{site.NAME}/"


def fix(lab: Lab, *words: str) -> tuple[int, str]:
    done = lab.diagnose(lab.server, "fix", "--yes", *words)
    return done.returncode, done.stdout + done.stderr


def play(lab: Lab, name: str) -> tuple[tuple[str, ...], Snapshot]:
    """What to ask about, and how the server is with its fault."""
    scenario = found()[name]
    lab.restore(ipv6=scenario.ipv6)
    scenario.apply(lab)
    return (*scenario.args, scenario.target), lab.snapshot()


def killed(lab: Lab, number: int, when: str, words: tuple[str, ...]) -> bool:
    """Whether it was: else it came to its end before."""
    argv = [sys.executable, "-m", "tests.lab.dying", str(number), when, "fix", "--yes", *words]
    result = lab.server.run(argv, env={"PYTHONPATH": str(REPOSITORY)}, timeout=60)
    return result.returncode == -signal.SIGKILL


#: Remedies, and how far apart the steps are at which they are killed. `make test` plays the first
#: ones: rules, a file, a program.
KILLED = (
    ("https_closed_in_firewalld", 3),
    ("upgrade_headers_missing", 2),
    ("nginx_is_stopped", 3),
    ("a_table_of_its_own_drops_443", 5),
    ("ufw_without_443", 5),
)


@pytest.mark.parametrize(("name", "stride"), KILLED if ALL else KILLED[:3])
def test_killed_at_any_step_it_can_be_taken_back_or_taken_up(
    laboratory: Lab, name: str, stride: int
) -> None:
    words, faulty = play(laboratory, name)
    firewall = state.rules(laboratory.server)
    stride = stride if ALL else 5 * stride
    for number in range(0, MOST, stride):
        when = ("before", "after")[number // stride % 2]
        if not killed(laboratory, number, when, words):
            break
        if number // stride % 3 == 0:
            status, text = fix(laboratory, "--resume")
            assert status in {0, 2}, text
        status, text = fix(laboratory, "--undo")
        assert status == 0, text
        changed = faulty.difference(laboratory.snapshot())
        changed += [rules] if (rules := state.rules(laboratory.server)) != firewall else []
        assert not changed, f"killed {when} command {number}: {changed}\n{text}"
    else:
        pytest.fail("it never came to its end")
    assert number > 8
    assert fix(laboratory, *words)[0] == 0
    laboratory.check()


def test_without_room_for_the_copies_nothing_is_changed(laboratory: Lab) -> None:
    words, faulty = play(laboratory, "upgrade_headers_missing")
    laboratory.server.sh(
        "mkdir -p /var/lib/diagnose && mount -t tmpfs -o size=4k,mode=700 full /var/lib/diagnose"
    )
    laboratory.undo(lambda: laboratory.server.sh("umount /var/lib/diagnose"))
    status, text = fix(laboratory, *words)
    assert status == 2
    assert "No space left on device" in text
    assert "Nothing was changed" in text
    assert not faulty.difference(laboratory.snapshot())


def test_where_the_configuration_may_not_be_written_it_is_taken_back(laboratory: Lab) -> None:
    words, faulty = play(laboratory, "upgrade_headers_missing")
    folder = "/etc/nginx/conf.d"
    laboratory.server.sh(f"mount --bind {folder} {folder}; mount -o remount,bind,ro {folder}")
    laboratory.undo(lambda: laboratory.server.sh(f"umount {folder}"))
    status, text = fix(laboratory, *words)
    assert status == 2
    assert "Read-only file system" in text
    assert not faulty.difference(laboratory.snapshot())


def test_a_second_fix_waits_for_the_first_to_be_ended(laboratory: Lab) -> None:
    words, faulty = play(laboratory, "upgrade_headers_missing")
    assert killed(laboratory, 12, "after", words)
    status, text = fix(laboratory, *words)
    assert status == 2
    assert "--undo" in text
    assert fix(laboratory, "--undo")[0] == 0
    assert not faulty.difference(laboratory.snapshot())


def test_what_is_not_for_a_program_is_refused_with_the_reason(laboratory: Lab) -> None:
    words, faulty = play(laboratory, "certificate_expired")
    status, text = fix(laboratory, *words)
    assert status == 2
    assert "Only a person can do this" in text
    assert not faulty.difference(laboratory.snapshot())


def test_over_ssh_it_heals_and_is_taken_back_as_well(laboratory: Lab) -> None:
    words, faulty = play(laboratory, "upgrade_headers_missing")
    door = ("--server", "ssh://root@203.0.113.10")
    done = laboratory.diagnose(laboratory.client, "fix", "--yes", *door, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    laboratory.check()
    done = laboratory.diagnose(laboratory.client, "fix", "--undo", "--yes", *door)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not faulty.difference(laboratory.snapshot())


def test_a_rule_of_nftables_that_was_added_is_taken_back_by_its_handle(laboratory: Lab) -> None:
    words, _ = play(laboratory, "forward_chain_of_hand_drops")
    before = state.rules(laboratory.server)
    assert fix(laboratory, *words)[0] == 0
    assert state.rules(laboratory.server) != before
    status, text = fix(laboratory, "--undo")
    assert status == 0
    assert "nft delete rule inet guard forward handle" in text
    assert state.rules(laboratory.server) == before


def meddled(lab: Lab, word: str, shell: str, words: tuple[str, ...]) -> tuple[int, str]:
    argv = [sys.executable, "-m", "tests.lab.meddling", word, shell, "fix", "--yes", *words]
    result = lab.server.run(argv, env={"PYTHONPATH": str(REPOSITORY)}, timeout=60)
    return result.returncode, result.stdout + result.stderr


def test_where_another_breaks_the_configuration_meanwhile_it_is_taken_back(
    laboratory: Lab,
) -> None:
    words, faulty = play(laboratory, "upgrade_headers_missing")
    theirs = "/etc/nginx/conf.d/theirs.conf"
    status, text = meddled(laboratory, "-t", f"echo 'server {{ lissten 81; }}' > {theirs}", words)
    assert status == 2
    assert f'unknown directive "lissten" in {theirs}:1' in text
    assert "was undone" in text
    assert faulty.difference(laboratory.snapshot()) == [f"file {theirs}: is new"]
    laboratory.server.sh(f"rm {theirs}")
    assert fix(laboratory, *words)[0] == 0
    laboratory.check()


def test_where_nginx_ends_before_its_reload_the_files_are_taken_back(laboratory: Lab) -> None:
    words, faulty = play(laboratory, "upgrade_headers_missing")
    stop = "nginx -s stop; while [ -e /run/nginx.pid ]; do sleep 0.1; done"
    status, text = meddled(laboratory, "reload", stop, words)
    assert status == 2
    assert "nginx -s reload: " in text
    assert '"/run/nginx.pid" failed (2: No such file or directory)' in text
    assert "was undone" in text
    assert not faulty.difference(laboratory.snapshot(), ("listeners", "processes"))
    status, text = fix(laboratory, *words)
    assert status == 0, text
    laboratory.check()


def test_two_faults_are_remedied_one_after_the_other(laboratory: Lab) -> None:
    """Shown together; and each taken back by an undo of its own, the last first."""
    first, second = found()["https_closed_in_firewalld"], found()["upgrade_headers_missing"]
    laboratory.restore()
    first.apply(laboratory)
    second.apply(laboratory)
    faulty = laboratory.snapshot()
    shown = laboratory.diagnose(laboratory.server, "fix", "--dry-run", *second.args, second.target)
    assert "1. websocket.upgrade-headers-missing" in shown.stdout
    assert "2. firewall.port-closed" in shown.stdout
    assert not faulty.difference(laboratory.snapshot())
    status, text = fix(laboratory, *second.args, second.target)
    assert status == 0, text
    assert text.index("edit /etc/nginx") < text.index(
        "$ firewall-cmd", text.index("running the checks again")
    )
    laboratory.check()
    for check in ("firewall.port-closed", "websocket.upgrade-headers-missing"):
        status, text = fix(laboratory, "--undo")
        assert status == 0, text
        assert f"To undo: {check}" in text
    assert not faulty.difference(laboratory.snapshot())
    assert "There is nothing to undo" in fix(laboratory, "--undo")[1]


def test_of_several_mistakes_in_its_files_nginx_names_one_at_a_time(laboratory: Lab) -> None:
    """Each is mended when it is named, and all are loaded together; the undo of one shows that
    nginx refuses its files again."""
    laboratory.restore()
    laboratory.edit("proxy_pass http", "proxy_passs http")
    laboratory.edit("  listen 443 ssl;", "  listen 443;\n  ssl on;")
    beside(laboratory)
    laboratory.edit("shop.example.com.key", "shop.exmaple.com.key")
    start_in_vain(laboratory)
    faulty = laboratory.snapshot()
    status, text = fix(laboratory, TARGET)
    assert status == 0, text
    causes = ["directive-unsupported", "config-invalid", "certificate-file-missing"]
    assert text.count("It helped") == len(causes)
    assert text.count("nginx reports another fault now") == len(causes) - 1
    assert sorted(causes, key=lambda one: text.index(f"nginx.{one}: ")) == causes
    laboratory.check()
    for cause in reversed(causes):
        status, text = fix(laboratory, "--undo")
        assert status == 0, text
        assert f"To undo: nginx.{cause}" in text
        assert "$ nginx -t: it failed" in text
    laboratory.stop_nginx()
    assert not faulty.difference(laboratory.snapshot())


def test_a_configuration_that_is_valid_now_stays_where_another_program_has_the_port(
    laboratory: Lab,
) -> None:
    """nginx cannot start: that is another fault, and it is named next."""
    laboratory.restore()
    laboratory.edit("proxy_read_timeout 3600s;", "proxy_read_timeout 3600s")
    laboratory.stop_nginx()
    laboratory.spawn(
        laboratory.server, laboratory.server.python("-m", "http.server", "80"), ready=80
    )
    laboratory.try_to_start_nginx()
    faulty = laboratory.snapshot()
    status, text = fix(laboratory, TARGET)
    assert status == 2
    assert "It helped" in text
    assert "what keeps the server from starting is another fault" in text
    assert "was undone" not in text
    assert laboratory.server.run(["nginx", "-t"]).returncode == 0
    status, text = fix(laboratory, "--undo")
    assert status == 0, text
    assert not faulty.difference(laboratory.snapshot())


# What did not help is taken back; what came to light behind is no reason to


@pytest.mark.parametrize("ends", sample((-5, 5), 1))
def test_a_certificate_exchanged_for_one_that_nobody_trusts_is_taken_back(
    laboratory: Lab, ends: float
) -> None:
    """Its issuer is the namesake of the one that everybody trusts."""
    laboratory.restore()
    first = certificates.leaf(starts=ends - 90, ends=ends)
    laboratory.install(first.chain, first.key_pem)
    namesake = certificates.authority("Lab Intermediate", certificates.authority("Lab Root"))
    of_certbot(laboratory, certificates.leaf(issuer=namesake))
    faulty = laboratory.snapshot()
    status, text = fix(laboratory, TARGET)
    assert "1. certificate.renewed-elsewhere" in text
    assert "undone: certificate.untrusted-root is there now" in text
    assert status == 2
    assert not faulty.difference(laboratory.snapshot())


def test_after_a_fix_that_was_undone_the_next_cause_is_healed(laboratory: Lab) -> None:
    words, _ = play(laboratory, "upgrade_headers_missing")
    soon = certificates.leaf(starts=-85, ends=5)
    laboratory.install(soon.chain, soon.key_pem)
    namesake = certificates.authority("Lab Intermediate", certificates.authority("Lab Root"))
    of_certbot(laboratory, certificates.leaf(issuer=namesake))
    status, text = fix(laboratory, *words)
    assert "undone: certificate.untrusted-root is there now" in text
    assert "The next cause, after another run of the checks:" in text
    assert "websocket.upgrade-headers-missing" in text.partition("What was tried:")[2], text
    assert "  It helped." in text
    assert status == 2, text


def expired(lab: Lab) -> None:
    old = certificates.leaf(starts=-95, ends=-5)
    lab.install(old.chain, old.key_pem)


def broken(lab: Lab) -> None:
    lab.application("--mode", "error")


@pytest.mark.parametrize(("behind", "says"), [(expired, "expired"), (broken, "500")])
def test_behind_the_door_that_opened_is_the_next_fault_and_it_stays_open(
    laboratory: Lab, behind: Callable[[Lab], None], says: str
) -> None:
    """Nobody had seen it: sshd forwards nothing. Port 80 was open, and is no witness."""
    laboratory.restore()
    sshd = laboratory.sshd
    assert isinstance(sshd, Service)
    laboratory.undo(partial(setattr, sshd, "argv", sshd.argv))
    sshd.argv = [*sshd.argv, "-o", "AllowTcpForwarding=no"]
    sshd.restart()
    behind(laboratory)
    firewalld(laboratory, CLOSED)
    door = ("--server", f"ssh://root@{SERVER}")
    done = laboratory.diagnose(laboratory.client, "fix", "--yes", *door, TARGET)
    shown, _, after = done.stdout.partition("running the checks again")
    assert "firewall.port-closed" in shown
    assert says not in shown
    assert "It helped" in after
    assert says in after
    assert "https" in laboratory.server.run(["firewall-cmd", "--list-services"]).stdout


#: A fault, and one that shows when it is mended.
HIDDEN = (
    ("plain_to_a_server_with_tls", "tornado_headers_missing"),
    ("server_has_an_old_line_in_hosts", "host_is_the_applications_address"),
    ("dropped_by_a_rule_that_cannot_be_written_again", "host_is_inherited_wrong"),
    ("forward_by_a_rich_rule", "https_leads_back_to_http"),
    ("map_missing_since_the_last_start", "brace_forgotten"),
)


@pytest.mark.parametrize(("first", "second"), sample(HIDDEN, 3))
def test_what_only_a_site_that_answers_shows_is_mended_next(
    laboratory: Lab, first: str, second: str
) -> None:
    several = [found()[name] for name in (first, second)]
    laboratory.restore(ipv6=any(one.ipv6 for one in several))
    for one in reversed(several):
        one.apply(laboratory)
    words = dict.fromkeys(word for one in several for word in one.args)
    status, text = fix(laboratory, *words, TARGET)
    assert status == 0, text
    assert text.count("It helped") == len(several)
    laboratory.check()


def test_who_is_no_longer_led_in_circles_meets_the_application(laboratory: Lab) -> None:
    words, _ = play(laboratory, "one_block_redirects_itself")
    laboratory.application("--mode", "error")
    status, text = fix(laboratory, *words)
    shown, _, after = text.partition("running the checks again")
    assert "1. http.redirect-loop" in shown
    assert "It helped" in after
    assert "500" in after
    assert status == 2


STRICT = """
table inet guard {
  chain input {
    type filter hook input priority filter; policy drop;
    iif lo accept
    tcp dport { 22, 80 } accept
    udp sport 53 accept
  }
  chain output {
    type filter hook output priority filter; policy drop;
    oif lo accept
    tcp sport { 22, 80 } accept
    udp dport 53 accept
  }
}
"""


def test_of_two_doors_one_behind_the_other_both_are_opened(laboratory: Lab) -> None:
    """What comes in is stopped, and behind it what answers: the second shows when the first is
    open."""
    laboratory.restore()
    alone(laboratory)
    nft(laboratory, STRICT)
    status, text = fix(laboratory, TARGET)
    assert status == 0, text
    assert text.count("It helped") == 2
    laboratory.check()


# What nothing takes back is said


def test_an_engine_is_restarted_by_a_person_alone(laboratory: Lab) -> None:
    """All containers end with it, and not only the site's."""
    words, _ = play(laboratory, "rules_of_docker_are_gone")
    before = state.rules(laboratory.server)
    status, text = fix(laboratory, *words)
    assert status == 2, text
    assert "$ service docker restart" in text
    assert "None of these steps was run." in text
    assert state.rules(laboratory.server) == before
    assert "There is nothing to undo." in fix(laboratory, "--undo")[1]


def test_a_configuration_that_is_refused_again_is_not_taken_and_that_is_said(
    laboratory: Lab,
) -> None:
    words, faulty = play(laboratory, "ssl_on_in_two_sites_and_still_running")
    assert fix(laboratory, *words)[0] == 0
    status, text = fix(laboratory, "--undo")
    assert status == 0
    assert "restore /etc/nginx/conf.d/shop.conf as it was" in text
    assert "Everything is as it was before, except:" in text
    assert "$ nginx -t: it failed (" in text
    assert 'unknown directive "ssl" in /etc/nginx/conf.d/blog.conf:2)' in text
    assert "the running program still uses what it read before" in text
    assert not faulty.difference(laboratory.snapshot())
