"""Each usual command: what is run, what it does, which files it changes, what undoes it and its
risk."""

import shlex
import subprocess
from pathlib import Path

import pytest

from diagnose.model import (
    Command,
    Effect,
    Risk,
    Where,
    commands,
    file_commands,
    firewall_commands,
    network_commands,
    server_commands,
    unit_commands,
)
from diagnose.model.risk import risks
from tests.support.steps import contradiction

NGINX = ("nginx", "-c", "/srv/nginx.conf")
SYSTEMD = ("/etc/systemd/system",)
UFW = ("/etc/ufw", "/etc/default/ufw")
TO_443 = ("tcp", "dport", "443", "accept")
FROM_ONE = ("ip", "saddr", "192.0.2.1", *TO_443)
CHAIN = ("inet", "filter", "input")

ALL = [
    # nginx
    (commands.test_nginx(NGINX), "nginx -c /srv/nginx.conf -t", "", None),
    (commands.reload_nginx(NGINX), "nginx -c /srv/nginx.conf -s reload", "", Risk.RELOADS),
    (commands.start_nginx(("nginx",)), "nginx", "nginx -s stop", Risk.STARTS),
    (commands.stop_nginx(("nginx",)), "nginx -s stop", "", Risk.STOPS),
    # other web servers
    (server_commands.test_server(("apachectl", "-t")), "apachectl -t", "", None),
    (server_commands.reload_server(("apachectl", "graceful")), "apachectl graceful", "",
     Risk.RELOADS),
    (server_commands.reload_server(("systemctl", "restart", "caddy")), "systemctl restart caddy",
     "", Risk.INTERRUPTS),
    (server_commands.start_server(("apachectl", "start"), ("apachectl", "stop")), "apachectl start",
     "apachectl stop", Risk.STARTS),
    (server_commands.enable_apache_modules(("ssl",)), "a2enmod ssl", "a2dismod -f ssl",
     Risk.EDITS_FILES),
    (server_commands.enable_apache_site("shop"), "a2ensite shop", "a2dissite shop",
     Risk.EDITS_FILES),
    (server_commands.enable_apache_conf("phpmyadmin"), "a2enconf phpmyadmin",
     "a2disconf phpmyadmin", Risk.EDITS_FILES),
    # services
    (commands.reload_service("nginx"), "systemctl reload nginx", "", Risk.RELOADS),
    (commands.restart_service("nginx"), "systemctl restart nginx", "", Risk.INTERRUPTS),
    (commands.restart_dead_service("nginx"), "systemctl restart nginx", "systemctl stop nginx",
     Risk.INTERRUPTS),
    (commands.start_service("nginx"), "systemctl start nginx", "systemctl stop nginx", Risk.STARTS),
    (commands.stop_service("nginx.socket"), "systemctl stop nginx.socket",
     "systemctl start nginx.socket", Risk.STOPS),
    (commands.reset_failed("nginx"), "systemctl reset-failed nginx", "", None),
    (commands.enable_service("nginx", now=False), "systemctl enable nginx",
     "systemctl disable nginx", Risk.EDITS_FILES),
    (commands.enable_service("nginx", now=True), "systemctl enable --now nginx",
     "systemctl disable --now nginx", Risk.STARTS),
    (commands.disable_service("nginx.socket"), "systemctl disable nginx.socket",
     "systemctl enable nginx.socket", Risk.STOPS),
    (commands.unmask_service("nginx", runtime=False), "systemctl unmask nginx",
     "systemctl mask nginx", Risk.EDITS_FILES),
    (commands.unmask_service("nginx", runtime=True), "systemctl unmask --runtime nginx",
     "systemctl mask --runtime nginx", Risk.EDITS_FILES),
    (commands.restart_sysv_service("docker"), "service docker restart", "", Risk.INTERRUPTS),
    (commands.start_openrc_service("nginx"), "rc-service nginx start", "rc-service nginx stop",
     Risk.STARTS),
    (commands.add_to_default_runlevel("nginx"), "rc-update add nginx default",
     "rc-update del nginx", Risk.EDITS_FILES),
    (commands.start_container("docker", "app"), "docker start app", "docker stop app", Risk.STARTS),
    (
        commands.unpause_container("docker", "app"),
        "docker unpause app",
        "docker pause app",
        Risk.STARTS,
    ),
    (commands.restart_container("podman", "app"), "podman restart app", "", Risk.INTERRUPTS),
    (commands.reload_podman_networks(), "podman network reload --all", "", Risk.RELOADS),
    # processes
    (commands.quit_process(7), "kill -QUIT 7", "", Risk.STOPS),
    (commands.continue_processes(("7", "8")), "kill -CONT 7 8", "kill -STOP 7 8", Risk.STOPS),
    # projects and networks of containers
    (commands.start_project("docker", "/a.yml"), "docker compose -f /a.yml up -d",
     "docker compose -f /a.yml stop", Risk.STARTS),
    (commands.pull_image(("docker", "compose", "pull", "app")), "docker compose pull app", "",
     Risk.CHANGES_SYSTEM),
    (commands.create_network("docker", "web"), "docker network create web",
     "docker network rm web", Risk.CHANGES_NETWORK),
    (commands.connect_network("docker", "web", "app"), "docker network connect web app",
     "docker network disconnect web app", Risk.CHANGES_NETWORK),
    # files
    (commands.move("/a", "/b"), "mv -n /a /b", "mv -n /b /a", Risk.EDITS_FILES),
    (commands.link("/a", "/b"), "ln -s /a /b", "rm /b", Risk.EDITS_FILES),
    (commands.relink("/a", "/b"), "ln -sfn /a /b", "", Risk.EDITS_FILES),
    (commands.remove_link("/b", target="/a"), "rm /b", "ln -s /a /b", Risk.REMOVES_FILES),
    (commands.compress(("gzip", "-k", "-f", "/a"), "/a.gz"), "gzip -k -f /a", "",
     Risk.EDITS_FILES),
    (commands.empty_cache("/a"), f"find /a -type f -name '{'?' * 32}' -delete", "",
     Risk.REMOVES_FILES),
    (commands.empty_cache("/a", ("docker", "exec", "web")),
     f"docker exec web find /a -type f -name '{'?' * 32}' -delete", "", Risk.REMOVES_FILES),
    (unit_commands.create_drop_in("/u.d/a.conf", ("[Service]",)),
     "sh -c 'umask 022; set -C; p=$1; shift; printf \"%s\\n\" \"$@\" > \"$p\"' sh /u.d/a.conf"
     " '[Service]'",
     "sh -c 'rm \"$1\" && rmdir --ignore-fail-on-non-empty \"${1%/*}\" && systemctl"
     " daemon-reload' sh /u.d/a.conf", Risk.EDITS_FILES),
    (commands.make_folder("/a/b"), "mkdir -p /a/b", "", Risk.EDITS_FILES),
    (commands.rewrite("/a", ("s/x//", "s/y//")), "sed -i -e s/x// -e s/y// /a", "",
     Risk.EDITS_FILES),
    (server_commands.create_bundle("/a", "/c", "/k"),
     "sh -c 'umask 077; c=$(cat -- \"$2\") && k=$(cat -- \"$3\") && printf \"%s\\n\" \"$c\" \"$k\""
     " > \"$1\"' sh /a /c /k", "", Risk.EDITS_FILES),
    (server_commands.write_bundle("/a", "/c", "/k"),
     "sh -c 'c=$(cat -- \"$2\") && k=$(cat -- \"$3\") && printf \"%s\\n\" \"$c\" \"$k\" > \"$1\"'"
     " sh /a /c /k", "", Risk.EDITS_FILES),
    # access to files
    (commands.chmod("g+r", "/a", before=0o600), "chmod g+r /a", "chmod 0600 /a",
     Risk.CHANGES_ACCESS),
    (commands.open_tree("/a")[0], "find /a -not -path '*/.*' -type d -exec chmod o+x '{}' +", "",
     Risk.CHANGES_ACCESS),
    (commands.chown("app:app", "/a", before="root:adm"), "chown app:app /a", "chown root:adm /a",
     Risk.CHANGES_ACCESS),
    (commands.chgrp("www-data", "/a", before="root"), "chgrp www-data /a", "chgrp root /a",
     Risk.CHANGES_ACCESS),
    (commands.restore_label("/a", before="u:r:t:s0"), "restorecon -v /a", "chcon u:r:t:s0 /a",
     Risk.CHANGES_ACCESS),
    (commands.add_to_group("www-data", "app"), "usermod -aG app www-data",
     "gpasswd -d www-data app", Risk.CHANGES_ACCESS),
    (commands.turn_on_boolean("httpd_can_network_connect"),
     "setsebool -P httpd_can_network_connect 1", "setsebool -P httpd_can_network_connect 0",
     Risk.CHANGES_ACCESS),
    (commands.label_port("http_port_t", 8443), "semanage port -a -t http_port_t -p tcp 8443",
     "semanage port -d -t http_port_t -p tcp 8443", Risk.CHANGES_ACCESS),
    # kernel and network
    (network_commands.set_sysctl("net.core.somaxconn", 4096, before=128),
     "sysctl -w net.core.somaxconn=4096", "sysctl -w net.core.somaxconn=128", Risk.CHANGES_KERNEL),
    (network_commands.set_sysctl("net.ipv4.tcp_mtu_probing", 1, before=None),
     "sysctl -w net.ipv4.tcp_mtu_probing=1", "", Risk.CHANGES_KERNEL),
    (network_commands.set_link_up("eth0"), "ip link set dev eth0 up", "ip link set dev eth0 down",
     Risk.CHANGES_NETWORK),
    (network_commands.delete_route(("blackhole", "192.0.2.1"), ipv6=False),
     "ip route del blackhole 192.0.2.1", "ip route add blackhole 192.0.2.1",
     Risk.CHANGES_NETWORK),
    (network_commands.delete_route(("blackhole", "2001:db8::1"), ipv6=True),
     "ip -6 route del blackhole 2001:db8::1", "ip -6 route add blackhole 2001:db8::1",
     Risk.CHANGES_NETWORK),
    # certificates
    (commands.renew_certificate(("certbot", "renew")), "certbot renew", "",
     Risk.ORDERS_CERTIFICATE),
    # bans
    (firewall_commands.unban("nginx", "192.0.2.1"), "fail2ban-client set nginx unbanip 192.0.2.1",
     "fail2ban-client set nginx banip 192.0.2.1", Risk.OPENS_TO_SOME),
    (firewall_commands.delete_decisions(("--ip", "192.0.2.1")),
     "cscli decisions delete --ip 192.0.2.1",
     "cscli decisions add --ip 192.0.2.1", Risk.OPENS_TO_SOME),
    (firewall_commands.delete_decisions(("--ip", "192.0.2.1"), undo=False),
     "cscli decisions delete --ip 192.0.2.1", "", Risk.OPENS_TO_SOME),
    (server_commands.replace_copy("/srv/a.pem", "/srv/b.pem"),
     r"""sh -c 't=$(cat -- "$2") && printf "%s\n" "$t" > "$1"' sh /srv/a.pem /srv/b.pem""", "",
     Risk.EDITS_FILES),
    (file_commands.empty_log("/var/log/a.log", "root"), "truncate -c -s 0 -- /var/log/a.log", "",
     Risk.REMOVES_FILES),
    (file_commands.remove_log("/var/log/a.log.1", "root"), "rm -- /var/log/a.log.1", "",
     Risk.REMOVES_FILES),
    (file_commands.copy_over("/srv/a", "/etc/a")[0], "cp -p /etc/a /etc/a.before-copy",
     "rm -- /etc/a.before-copy", Risk.EDITS_FILES),
    (file_commands.copy_over("/srv/a", "/etc/a")[1], "cp /srv/a /etc/a",
     "cp /etc/a.before-copy /etc/a", Risk.EDITS_FILES),
    (file_commands.shorten_journal(200), "journalctl --vacuum-size=200M", "", Risk.REMOVES_FILES),
    (firewall_commands.open_in_csf("TCP_IN", 443),
     r"""sed -i -e 's/^\(TCP_IN = "[^"][^"]*\)"/\1,443"/' """
     r"""-e 's/^\(TCP_IN = "\)"/\1443"/' /etc/csf/csf.conf""", "",
     Risk.OPENS_TO_ALL),
    (firewall_commands.reload_csf(), "csf -r", "", Risk.RELOADS),
    (firewall_commands.open_in_panel("hestia", 443),
     "/usr/local/hestia/bin/v-add-firewall-rule ACCEPT 0.0.0.0/0 443 TCP", "", Risk.OPENS_TO_ALL),
    (firewall_commands.csf_unban("192.0.2.1"), "csf -dr 192.0.2.1", "csf -d 192.0.2.1",
     Risk.CHANGES_SYSTEM),
    (firewall_commands.delete_from_ipset("banned", "192.0.2.1"), "ipset del banned 192.0.2.1",
     "ipset add banned 192.0.2.1", Risk.OPENS_TO_SOME),
    (firewall_commands.delete_nft_element("inet", "filter", "banned", "192.0.2.1"),
     "nft delete element inet filter banned '{ 192.0.2.1 }'",
     "nft add element inet filter banned '{ 192.0.2.1 }'", Risk.OPENS_TO_SOME),
    # firewalls
    (firewall_commands.firewall_cmd(("--panic-off",), ("--panic-on",), Risk.OPENS_TO_ALL),
     "firewall-cmd --panic-off", "firewall-cmd --panic-on", Risk.OPENS_TO_ALL),
    (firewall_commands.reload_firewalld(("firewall-cmd", "--remove-port=443/tcp")),
     "firewall-cmd --reload",
     "firewall-cmd --remove-port=443/tcp", Risk.RELOADS),
    (firewall_commands.ufw(("allow", "443/tcp"), ("delete", "allow", "443/tcp"), Risk.OPENS_TO_ALL),
     "ufw allow 443/tcp", "ufw delete allow 443/tcp", Risk.OPENS_TO_ALL),
    (firewall_commands.reload_ufw(), "ufw reload", "", Risk.RELOADS),
    (firewall_commands.add_nft_rule(("insert", "rule", *CHAIN, "handle", "3"), TO_443),
     "nft insert rule inet filter input handle 3 tcp dport 443 accept", "", Risk.OPENS_TO_ALL),
    (firewall_commands.add_nft_rule(("add", "rule", *CHAIN), FROM_ONE),
     "nft add rule inet filter input ip saddr 192.0.2.1 tcp dport 443 accept", "",
     Risk.OPENS_TO_SOME),
    (firewall_commands.replace_nft_rule((*CHAIN, "handle", "3"), TO_443, ("drop",)),
     "nft replace rule inet filter input handle 3 tcp dport 443 accept",
     "nft replace rule inet filter input handle 3 drop", Risk.OPENS_TO_ALL),
    (firewall_commands.delete_nft_rule((*CHAIN, "handle", "3"),
                                       ("nft", "add", "rule", *CHAIN, "drop")),
     "nft delete rule inet filter input handle 3", "nft add rule inet filter input drop",
     Risk.OPENS_TO_ALL),
    (firewall_commands.iptables(("iptables", "-I", "INPUT", "1", "-j", "ACCEPT"),
                       ("iptables", "-D", "INPUT", "-j", "ACCEPT")),
     "iptables -I INPUT 1 -j ACCEPT", "iptables -D INPUT -j ACCEPT", Risk.OPENS_TO_ALL),
]  # fmt: skip


@pytest.mark.parametrize(("command", "typed", "undo", "risk"), ALL)
def test_it_runs_and_undoes_just_this(
    command: Command, typed: str, undo: str, risk: Risk | None
) -> None:
    assert (shlex.join(command.argv), shlex.join(command.undo)) == (typed, undo)
    assert risks([command]) == ((risk,) if risk else ())
    assert contradiction(command) == ""


@pytest.mark.parametrize(
    ("command", "changes", "aspect"),
    [
        (commands.chmod("g+r", "/a", before=0o600), ("/a",), "permissions"),
        (commands.restore_label("/a", before="u:r:t:s0"), ("/a",), "permissions"),
        (commands.move("/a", "/b"), ("/a", "/b"), "entry"),
        (commands.remove_link("/b", target="/a"), ("/b",), "entry"),
        (commands.rewrite("/a", ("s/x//",)), ("/a",), "content"),
        (commands.reload_service("nginx"), (), "content"),
        (commands.enable_service("nginx", now=True), SYSTEMD, "settings"),
        (firewall_commands.reload_firewalld(()), ("/etc/firewalld",), "settings"),
        (firewall_commands.reload_ufw(), UFW, "settings"),
        (commands.reload_nginx(("nginx",)), (), "content"),
        (firewall_commands.unban("nginx", "192.0.2.1"), (), "content"),
    ],
)
def test_it_names_the_files_that_it_changes(
    command: Command, changes: tuple[str, ...], aspect: str
) -> None:
    assert (command.changes, command.aspect) == (changes, aspect)


def test_a_service_of_the_client_is_restarted_there() -> None:
    assert commands.restart_service("systemd-resolved", Where.CLIENT).where is Where.CLIENT


@pytest.mark.parametrize(
    ("rule", "risk"),
    [
        ("tcp dport 443 accept", Risk.OPENS_TO_ALL),
        ("ip6 saddr 2001:db8::1 tcp dport 443 accept", Risk.OPENS_TO_SOME),
        ("tcp sport 443 accept", Risk.OPENS_TO_ALL),
        ("ip daddr 192.0.2.1 tcp sport 443 ct state established accept", Risk.OPENS_TO_SOME),
        ("ip saddr 203.0.113.10 tcp sport 443 accept", Risk.OPENS_TO_ALL),
        ("-p tcp --dport 443 -j ACCEPT", Risk.OPENS_TO_ALL),
        ("-s 192.0.2.1 -p tcp --dport 443 -j ACCEPT", Risk.OPENS_TO_SOME),
        ("-d 203.0.113.10 -p tcp --dport 443 -j ACCEPT", Risk.OPENS_TO_ALL),
        ("-d 192.0.2.1 -p tcp -m tcp --sport 443 -j ACCEPT", Risk.OPENS_TO_SOME),
    ],
)
def test_a_rule_lets_in_those_whom_it_names(rule: str, risk: Risk) -> None:
    assert firewall_commands.rule_risk(tuple(rule.split())) is risk


@pytest.mark.parametrize(
    "command",
    [
        Command(("nginx", "-t"), Effect.CHANGE),
        Command(("nginx", "-t"), Effect.TEST, undo=("nginx",)),
        Command(("/opt/nginx/sbin/nginx", "-c", "/a", "-s", "reload"), Effect.START),
        Command(("systemctl", "restart", "nginx"), Effect.RELOAD),
        Command(("chmod", "644", "/a"), Effect.CHANGE),
        Command(("mv", "-n", "/a", "/b"), Effect.CHANGE, changes=("/a",)),
        Command(("tool",), Effect.CHANGE, changes=("a",)),
    ],
)
def test_a_command_that_says_otherwise_than_its_words_is_found(command: Command) -> None:
    assert contradiction(command)


def test_a_tree_is_opened_with_the_words_that_busybox_knows_too() -> None:
    _, files = commands.open_tree("/a")
    assert "-regextype" not in files.argv
    assert files.argv[-6:] == (")", "-exec", "chmod", "o+r", "{}", "+")


@pytest.mark.parametrize("missing", ["certificate", "key"])
def test_a_bundle_is_kept_if_a_part_of_it_cannot_be_read(tmp_path: Path, missing: str) -> None:
    """And a part without a newline at its end does not run into the next one."""
    bundle, certificate, key = (tmp_path / name for name in ("bundle", "certificate", "key"))
    bundle.write_text("before")
    certificate.write_text("the certificate")
    key.write_text("the key\n")
    command = server_commands.write_bundle(str(bundle), str(certificate), str(key))
    (tmp_path / missing).rename(tmp_path / "away")
    assert subprocess.run(command.argv, capture_output=True).returncode != 0
    assert bundle.read_text() == "before"
    (tmp_path / "away").rename(tmp_path / missing)
    assert subprocess.run(command.argv, capture_output=True).returncode == 0
    assert bundle.read_text() == "the certificate\nthe key\n"


def test_a_copy_that_cannot_be_read_leaves_the_file(tmp_path: Path) -> None:
    kept, source = tmp_path / "kept.pem", tmp_path / "new.pem"
    kept.write_text("old\n")
    argv = server_commands.replace_copy(str(kept), str(source)).argv
    assert subprocess.run(argv, check=False, capture_output=True).returncode != 0
    assert kept.read_text() == "old\n"
    source.write_text("first\nsecond\n")
    subprocess.run(argv, check=True)
    assert kept.read_text() == "first\nsecond\n"
