import asyncio

import pytest

from diagnose.model import Failure, Target
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import install_paths
from diagnose.probes.inside import nginx_config
from diagnose.probes.inside.nginx_config import ConfigTree, config_path, read_config_tree
from tests.support.recorded_machine import RecordedMachine

MAIN = "/etc/nginx/nginx.conf"
DENIED = Failure("denied", "Permission denied", 13)
SHOP = Target("shop.example.com", "https", "shop.example.com", 443)


def read(files: dict[str, str | Failure], max_files: int = nginx_config.MAX_FILES) -> ConfigTree:
    return asyncio.run(read_config_tree(RecordedMachine({}, files), MAIN, max_files))


def paths(tree: ConfigTree) -> list[str]:
    return [file.path for file in tree.files]


def test_includes_are_followed_to_any_depth_from_the_main_files_folder() -> None:
    tree = read(
        {
            MAIN: "http { include conf.d/*.conf; }\n",
            "/etc/nginx/conf.d/a.conf": "include snippets/b.conf;\n",
            "/etc/nginx/snippets/b.conf": "server_tokens off;\n",
        }
    )
    assert paths(tree) == [MAIN, "/etc/nginx/conf.d/a.conf", "/etc/nginx/snippets/b.conf"]
    (http,) = tree.main
    (directive,) = http.block or ()
    assert (directive.name, directive.file) == ("server_tokens", "/etc/nginx/snippets/b.conf")


def test_a_file_that_includes_itself_is_read_once() -> None:
    tree = read({MAIN: "events { }\ninclude *.conf;\n"})
    assert paths(tree) == [MAIN]
    assert [directive.name for directive in tree.main] == ["events"]


def test_files_that_include_each_other_in_every_way_end_at_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(nginx_parser, "MAX_DIRECTIVES", 500)
    names = [f"/etc/nginx/{letter}.conf" for letter in "abcdefgh"]
    files: dict[str, str | Failure] = dict.fromkeys(names, "include *.conf; gzip on;\n")
    tree = read(files | {MAIN: "include a.conf;\n"})
    assert len(tree.main) <= 500


def test_no_more_files_are_read_than_allowed() -> None:
    files: dict[str, str | Failure] = {f"/etc/nginx/s/{n}.conf": "gzip on;\n" for n in range(9)}
    tree = read(files | {MAIN: "include s/*.conf;\n"}, max_files=4)
    assert len(tree.files) == 4
    assert len(tree.main) == 3


def test_a_file_that_may_not_be_read_is_named_and_a_missing_one_is_not() -> None:
    tree = read({MAIN: "include a.conf; include b.conf; gzip on;\n", "/etc/nginx/a.conf": DENIED})
    assert tree.denied == ("/etc/nginx/a.conf",)
    assert (tree.failure, [directive.name for directive in tree.main]) == (None, ["gzip"])


def test_a_main_file_that_may_not_be_read_is_a_failure() -> None:
    assert read({MAIN: DENIED}) == ConfigTree((), (), DENIED)


def test_a_configuration_serves_the_target_by_its_name_and_port() -> None:
    text = "http {{ server {{ listen {}; server_name {}; }} }}"
    for port, name, serves in ((443, SHOP.host, True), (80, SHOP.host, False), (443, "b", False)):
        main = nginx_parser.parse(text.format(port, name), MAIN)
        assert nginx_config.serves_target(main, SHOP) is serves


def test_the_options_of_the_master_decide_which_configuration_is_read() -> None:
    build = install_paths.parse_build(
        "nginx version: nginx/1.26.3\nconfigure arguments: --prefix=/usr/share/nginx "
        "--conf-path=/etc/nginx/nginx.conf --with-http_ssl_module\n"
    )
    own = install_paths.parse_build(
        "nginx version: nginx/1.9.0\nconfigure arguments: --prefix=/opt/nginx\n"
    )
    assert config_path(build, ()) == "/etc/nginx/nginx.conf"
    assert config_path(build, ("-c", "a.conf")) == "/usr/share/nginx/a.conf"
    assert config_path(own, ("-p", "/srv")) == "/srv/conf/nginx.conf"
    assert config_path(own, ("-p", "/srv", "-c", "/x/a.conf")) == "/x/a.conf"
