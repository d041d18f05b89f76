"""Remedies of an nginx in a container: where its files are on the server."""

from dataclasses import replace

from diagnose.checking.container_fixes import in_container
from diagnose.checking.registry import load_check
from diagnose.checking.root_cause import claims
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Crash,
    Edit,
    Effect,
    Fix,
    Manual,
    Risk,
    Subject,
    Where,
    commands,
    firewall_commands,
)
from diagnose.model.containers import BindMount
from tests.checks.upstream.test_container_loopback import OWN
from tests.checks.upstream.test_refused import DOWN
from tests.support.check_evidence import evidence
from tests.support.nginx_evidence import config
from tests.support.steps import contradiction

MOUNTED = replace(OWN, mounts=(BindMount("/etc/nginx/conf.d", "/srv/proxy/conf.d"),))
DIFF = "--- a\n+++ b\n@@ -1 +1 @@\n-a\n+b\n"
RELOAD = Command(("docker", "exec", "proxy", "nginx", "-s", "reload"), Effect.RELOAD)


def fixed(*steps: Command | Edit | Manual, layer: str = "nginx") -> Claim:
    claim = Claim(about=Subject(port=443), because=(OWN,), fix=Fix(steps))
    return in_container(claim, layer, MOUNTED)


def test_a_mounted_file_is_edited_on_the_server() -> None:
    claim = fixed(Edit("/etc/nginx/conf.d/shop.conf", DIFF), RELOAD)
    assert claim.fix
    assert claim.fix.steps == (Edit("/srv/proxy/conf.d/shop.conf", DIFF), RELOAD)
    assert claim.fix.applicability is Applicability.REVIEW
    assert (claim.facts["nginx_container"], claim.facts["image_file"]) == ("proxy", "")


def test_a_file_that_is_mounted_by_itself_stays_the_same_file() -> None:
    """`patch` would put a new one in its place, which the container does not see."""
    own = replace(OWN, mounts=(BindMount("/etc/nginx/nginx.conf", "/srv/nginx.conf"),))
    claim = Claim(
        about=Subject(port=443), because=(OWN,), fix=Fix((Edit("/etc/nginx/nginx.conf", DIFF),))
    )
    fix = in_container(claim, "nginx", own).fix
    assert fix
    out, edit, back = fix.steps
    assert isinstance(out, Command)
    assert out.argv == ("cp", "/srv/nginx.conf", "/root/nginx.conf")
    assert edit == Edit("/root/nginx.conf", DIFF)
    assert isinstance(back, Command)
    assert back.argv == ("cp", "/root/nginx.conf", "/srv/nginx.conf")
    assert not contradiction(back)


def test_a_file_of_the_image_is_copied_out_and_back() -> None:
    claim = fixed(Edit("/etc/nginx/nginx.conf", DIFF))
    assert claim.fix
    out, edit, back = claim.fix.steps
    assert isinstance(out, Command)
    assert out.argv == ("docker", "cp", "proxy:/etc/nginx/nginx.conf", "/root/nginx.conf")
    assert edit == Edit("/root/nginx.conf", DIFF)
    assert isinstance(back, Command)
    assert back.argv == ("docker", "cp", "/root/nginx.conf", "proxy:/etc/nginx/nginx.conf")
    assert claim.facts["image_file"] == "/etc/nginx/nginx.conf"


def test_a_command_works_on_the_servers_path_or_in_the_container() -> None:
    mounted = commands.chmod("g+r", "/etc/nginx/conf.d/a.pem", before=0o600)
    claim = fixed(mounted, commands.chmod("g+r", "/etc/ssl/a.pem", before=0o600))
    assert claim.fix
    first, second = claim.fix.steps
    assert isinstance(first, Command)
    assert isinstance(second, Command)
    assert first.argv == ("chmod", "g+r", "/srv/proxy/conf.d/a.pem")
    assert first.changes == ("/srv/proxy/conf.d/a.pem",)
    assert second.argv == ("docker", "exec", "proxy", "chmod", "g+r", "/etc/ssl/a.pem")
    assert (second.undo, second.changes) == ((), ())


def test_a_command_for_a_file_of_the_server_that_the_container_sees_stays() -> None:
    """A check that looked through the container's mounts names the server's path."""
    command = commands.chgrp("33", "/srv/proxy/conf.d/htpasswd", before="root")
    claim = fixed(command, Manual("by-hand", Where.SERVER, commands=(command,)))
    assert claim.fix
    assert claim.fix.steps[0] == command
    assert isinstance(claim.fix.steps[1], Manual)
    assert claim.fix.steps[1].commands == (command,)


def test_commands_of_a_manual_step_are_done_there_too() -> None:
    step = Manual("one", Where.SERVER, commands=(Edit("/etc/nginx/conf.d/shop.conf", DIFF),))
    claim = fixed(step)
    assert claim.fix
    assert claim.fix.steps == (
        Manual("one", Where.SERVER, commands=(Edit("/srv/proxy/conf.d/shop.conf", DIFF),)),
    )


def test_the_servers_own_firewall_is_left_alone() -> None:
    claim = fixed(firewall_commands.reload_ufw(), layer="firewall")
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    assert "nginx_container" not in claim.facts


def test_every_claim_about_nginx_gets_the_name_of_its_container() -> None:
    def crashed(crash: Crash) -> None:
        raise AssertionError(crash)

    ((_, claim),) = claims([load_check("upstream.refused")], evidence(DOWN, config(), OWN), crashed)
    assert claim.facts["nginx_container"] == "proxy"
    ((_, claim),) = claims([load_check("upstream.refused")], evidence(DOWN, config()), crashed)
    assert "nginx_container" not in claim.facts


def test_the_packet_filter_is_the_servers_own() -> None:
    rule = ("allow", "proto", "tcp", "from", "172.17.0.0/16", "to", "any", "port", "3000")
    allow = firewall_commands.ufw(rule, ("delete", *rule), Risk.OPENS_TO_SOME)
    saved = Edit("/etc/iptables/rules.v4", DIFF)
    claim = fixed(allow, saved, layer="upstream")
    assert claim.fix
    assert claim.fix.steps == (allow, saved)


def test_another_programs_file_is_at_its_path_on_the_server() -> None:
    edit = Edit("/srv/home/configuration.yaml", DIFF, outside=True)
    claim = fixed(edit, layer="upstream")
    assert claim.fix is not None
    assert claim.fix.steps == (edit,)
    manual = Manual("change-the-setting", Where.APPLICATION, commands=(edit,))
    claim = fixed(manual, layer="upstream")
    assert claim.fix is not None
    assert claim.fix.steps == (manual,)


def test_a_command_for_a_folder_of_the_server_stays() -> None:
    chown = commands.chown_tree("1000:1000", "/srv/n8n/data", outside=True)
    claim = fixed(chown, layer="upstream")
    assert claim.fix is not None
    assert claim.fix.steps == (chown,)
