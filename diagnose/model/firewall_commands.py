"""The commands of firewalls, and of what bans one address; see `commands`."""

from dataclasses import replace

from diagnose.model.commands import Arguments, rewrite
from diagnose.model.steps import Aspect, Command, Effect, Risk

#: Where these programs write their own configuration.
_FIREWALLD = ("/etc/firewalld",)
_UFW = ("/etc/ufw", "/etc/default/ufw")


# Bans of one address


def unban(jail: str, address: str) -> Command:
    """Let in an address that a jail of fail2ban keeps out (fail2ban-client(1))."""
    words = ("fail2ban-client", "set", jail)
    return _ban((*words, "unbanip", address), (*words, "banip", address))


def ignore(jail: str, address: str) -> Command:
    """Have a jail of fail2ban never ban an address, until fail2ban starts again
    (fail2ban-client(1), `addignoreip`)."""
    words = ("fail2ban-client", "set", jail)
    return _ban((*words, "addignoreip", address), (*words, "delignoreip", address))


def delete_decisions(selector: Arguments, undo: bool = True) -> Command:
    """Delete CrowdSec's decisions; `selector` is ("--ip", …) or ("--range", …)."""
    words = ("cscli", "decisions")
    return _ban((*words, "delete", *selector), (*words, "add", *selector) if undo else ())


def csf_unban(address: str) -> Command:
    """Remove an address from ConfigServer Firewall's deny list."""
    argv, undo = ("csf", "-dr", address), ("csf", "-d", address)
    return Command(argv, Effect.CHANGE, undo=undo)


def open_in_csf(setting: str, port: int) -> Command:
    """Add a port to a list of ConfigServer Firewall's settings: "TCP_IN", or "TCP6_IN" for IPv6.
    The file has passwords too, and is not read."""
    added = f's/^\\({setting} = "[^"][^"]*\\)"/\\1,{port}"/'
    alone = f's/^\\({setting} = "\\)"/\\1{port}"/'
    command = rewrite("/etc/csf/csf.conf", (added, alone))
    return replace(command, risk=Risk.OPENS_TO_ALL)


def reload_csf() -> Command:
    """Have ConfigServer Firewall write all its rules anew (csf, "-r")."""
    return Command(("csf", "-r"), Effect.RELOAD)


def open_in_panel(panel: str, port: int) -> Command:
    """Have HestiaCP or VestaCP accept a port from everywhere: it writes all its rules anew."""
    program = f"/usr/local/{panel}/bin/v-add-firewall-rule"
    argv = (program, "ACCEPT", "0.0.0.0/0", str(port), "TCP")
    folder = f"/usr/local/{panel}/data/firewall"
    return Command(
        argv, Effect.CHANGE, changes=(folder,), aspect="settings", risk=Risk.OPENS_TO_ALL
    )


def delete_from_ipset(name: str, address: str) -> Command:
    return _ban(("ipset", "del", name, address), ("ipset", "add", name, address))


def delete_nft_element(family: str, table: str, set_name: str, address: str) -> Command:
    words = ("element", family, table, set_name, f"{{ {address} }}")
    return _ban(("nft", "delete", *words), ("nft", "add", *words))


def _ban(argv: Arguments, undo: Arguments) -> Command:
    return Command(argv, Effect.CHANGE, undo=undo, risk=Risk.OPENS_TO_SOME)


# Firewalls. `risk` is whom a command lets in.


def firewall_cmd(arguments: Arguments, undo: Arguments, risk: Risk) -> Command:
    """Change firewalld's configuration (firewall-cmd(1)); `undo` are arguments too."""
    program = "firewall-cmd"
    return _firewall((program, *arguments), (program, *undo), _FIREWALLD, risk)


def reload_firewalld(undo: Arguments) -> Command:
    """Load the permanent configuration. `undo` takes back what it opens."""
    return Command(
        ("firewall-cmd", "--reload"),
        Effect.RELOAD,
        undo=undo,
        changes=_FIREWALLD,
        aspect="settings",
    )


def ufw(arguments: Arguments, undo: Arguments, risk: Risk) -> Command:
    """Change ufw's rules (ufw(8)); `undo` are arguments too."""
    return _firewall(("ufw", *arguments), ("ufw", *undo), _UFW, risk)


def reload_ufw() -> Command:
    return Command(("ufw", "reload"), Effect.RELOAD, changes=_UFW, aspect="settings")


def add_nft_rule(arguments: Arguments, rule: Arguments) -> Command:
    """Add a rule; `arguments` are the words between `nft` and the rule. Its undo is found by the
    handle that it gets (`diagnose.fixing.rule_undo`)."""
    return _firewall(("nft", *arguments, *rule), (), (), rule_risk(rule))


def replace_nft_rule(selector: Arguments, rule: Arguments, before: Arguments) -> Command:
    """Replace a rule; `selector` is family, table, chain and handle (nft(8))."""
    head = ("nft", "replace", "rule", *selector)
    return _firewall((*head, *rule), (*head, *before), (), rule_risk(rule))


def delete_nft_rule(selector: Arguments, undo: Arguments) -> Command:
    return _firewall(("nft", "delete", "rule", *selector), undo, (), Risk.OPENS_TO_ALL)


def iptables(argv: Arguments, undo: Arguments) -> Command:
    """Change a rule by iptables(8) or ip6tables; `argv` begins with the program."""
    return _firewall(argv, undo, (), rule_risk(argv))


def rule_risk(rule: Arguments) -> Risk:
    """Return whom a rule lets in, by its own words: nft(8), iptables-extensions(8).

    A rule that matches the source port accepts replies, and its peer is the destination.
    """
    text = f" {' '.join(rule)}"
    peers = (
        ("ip daddr ", "ip6 daddr ", "-d ")
        if "sport" in text
        else ("ip saddr ", "ip6 saddr ", "-s ")
    )
    names_peer = any(f" {peer}" in text for peer in peers)
    return Risk.OPENS_TO_SOME if names_peer else Risk.OPENS_TO_ALL


def _firewall(argv: Arguments, undo: Arguments, folders: Arguments, risk: Risk) -> Command:
    aspect: Aspect = "settings" if folders else "content"
    return Command(argv, Effect.CHANGE, undo=undo, changes=folders, aspect=aspect, risk=risk)
