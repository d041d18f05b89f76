"""As whom a service of a web server is started."""

from diagnose.probes.inside.web_servers.start_files import UnitUser, parse_unit_user


def test_the_last_line_counts_and_the_groups_are_added() -> None:
    text = "unit caddy\nUser=www\nUser=caddy\nSupplementaryGroups=ssl-cert\ngid 103\n"
    assert parse_unit_user(text) == UnitUser("caddy", "caddy", (103,))


def test_none_for_root_and_for_who_reads_all() -> None:
    assert parse_unit_user("") is None
    assert parse_unit_user("unit caddy\n") is None
    assert parse_unit_user("unit caddy\nUser=root\n") is None
    # An empty line of a drop-in takes the user away.
    assert parse_unit_user("unit caddy\nUser=caddy\nUser=\n") is None
    rights = "AmbientCapabilities=CAP_NET_BIND_SERVICE CAP_DAC_READ_SEARCH\n"
    assert parse_unit_user(f"unit caddy\nUser=caddy\n{rights}") is None
