"""firewalld's own rulesets: what to tell firewall-cmd, permanently, before a reload."""

from collections.abc import Mapping

_PUBLIC = "--zone=public"

CHANGES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "as installed": (),
    "zones by source": (
        (_PUBLIC, "--remove-service=https"),
        ("--zone=drop", "--add-source=198.51.100.7"),
        ("--zone=trusted", "--add-source=192.0.2.0/24"),
        ("--zone=block", "--add-source=2001:db8:9::/48"),
        ("--zone=internal", "--add-source=10.0.0.0/8"),
        ("--zone=internal", "--add-port=5000/tcp"),
    ),
    "rich rules": (
        (_PUBLIC,
         "--add-rich-rule=rule family=ipv4 source address=10.1.2.3 reject",
         "--add-rich-rule=rule family=ipv6 source address=fd00:1::/64 drop",
         "--add-rich-rule=rule priority=-10 family=ipv4 source address=192.0.2.0/24 "
         "port port=443 protocol=tcp reject type=icmp-host-prohibited",
         "--add-rich-rule=rule service name=ssh accept limit value=100/s",
         "--add-rich-rule=rule priority=100 family=ipv4 source address=198.51.100.0/24 "
         "port port=8080 protocol=tcp accept"),
        (_PUBLIC, "--set-target=DROP"),
    ),
    "policies": (
        ("--new-policy=closed",),
        ("--policy=closed", "--add-ingress-zone=ANY"),
        ("--policy=closed", "--add-egress-zone=HOST"),
        ("--policy=closed", "--set-priority=-5"),
        ("--policy=closed", "--add-rich-rule=rule family=ipv4 port port=80 protocol=tcp reject"),
        ("--new-policy=late",),
        ("--policy=late", "--add-ingress-zone=public"),
        ("--policy=late", "--add-egress-zone=HOST"),
        ("--policy=late", "--set-target=DROP"),
    ),
    "ports forwarded to a container": (
        (_PUBLIC, "--add-forward-port=port=8080:proto=tcp:toport=443",
         "--add-forward-port=port=5000:proto=tcp:toport=80:toaddr=172.17.0.2"),
        (_PUBLIC, "--add-masquerade"),
        ("--zone=trusted", "--add-interface=docker0"),
    ),
    "a zone for containers and a policy to it": (
        ("--new-zone=box",),
        ("--zone=box", "--add-interface=docker0"),
        (_PUBLIC, "--remove-service=https"),
        (_PUBLIC, "--add-port=443-5000/tcp"),
        ("--new-policy=in",),
        ("--policy=in", "--add-ingress-zone=public"),
        ("--policy=in", "--add-egress-zone=box"),
        ("--policy=in", "--add-rich-rule=rule family=ipv4 port port=80 protocol=tcp accept"),
        (_PUBLIC, "--add-forward-port=port=22:proto=tcp:toport=80:toaddr=172.17.0.2",
         "--add-forward-port=port=8080:proto=tcp:toport=443:toaddr=172.17.0.2"),
    ),
}  # fmt: skip
