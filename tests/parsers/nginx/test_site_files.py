import pytest

from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.parsers.nginx import site_files


def config(main: str, **files: str) -> NginxConfig:
    texts = {"/etc/nginx/nginx.conf": main} | {
        f"/etc/nginx/{name.replace('__', '/')}.conf": text for name, text in files.items()
    }
    made = tuple(ConfigFile(path, text) for path, text in texts.items())
    return NginxConfig(path="/etc/nginx/nginx.conf", files=made)


@pytest.mark.parametrize(
    "name",
    [
        "shop.conf.bak", "shop.conf.disabled", "shop.conf~", "shop.conf.20240101", "shop.conf.off",
        "shop.conf.rpmsave", "shop.conf.dpkg-old", "backup_shop", "shop.bak2", "shop.bak.conf",
        "shop.conf.orig",
    ],
)  # fmt: skip
def test_a_file_that_was_put_aside(name: str) -> None:
    assert site_files.is_backup_name(f"/etc/nginx/conf.d/{name}")


@pytest.mark.parametrize("name", ["shop", "shop.conf", "shop.example.com", "shop.example.com.conf"])
def test_a_file_that_was_not(name: str) -> None:
    assert not site_files.is_backup_name(f"/etc/nginx/sites-available/{name}")


def test_patterns_are_those_within_http() -> None:
    main = "include modules/*.conf; http { include mime.types; include conf.d/*.conf; }"
    found = config(main, conf__d="")
    assert site_files.include_patterns(found) == (
        "/etc/nginx/mime.types",
        "/etc/nginx/conf.d/*.conf",
    )


def test_patterns_of_included_files_count_as_well() -> None:
    found = config(
        "http { include http.conf; }", http="include vhosts/*.conf; server { include x; }"
    )
    assert site_files.include_patterns(found) == (
        "/etc/nginx/http.conf",
        "/etc/nginx/vhosts/*.conf",
    )


def test_the_block_of_a_file_by_name_and_port() -> None:
    text = "server { listen 80; server_name a.t; }\nserver { listen 443 ssl; server_name *.a.t; }"
    found = site_files.serving_block(text, "x", "shop.a.t", 443)
    assert found
    assert found.block.line == 2
    assert site_files.serving_block(text, "x", "a.t", 443) is None
    assert site_files.serving_block("", "x", "a.t", 443) is None


@pytest.mark.parametrize(
    ("name", "pattern", "path"),
    [
        ("shop", "/e/conf.d/*.conf", "/e/conf.d/shop.conf"),
        ("shop.conf.disabled", "/e/conf.d/*.conf", "/e/conf.d/shop.conf"),
        ("shop.example.com", "/e/conf.d/*.conf", "/e/conf.d/shop.example.com.conf"),
        ("shop.conf~", "/e/conf.d/*.conf", "/e/conf.d/shop.conf"),
        (".shop.conf", "/e/conf.d/*.conf", "/e/conf.d/shop.conf"),
        ("shop.conf", "/e/sites-enabled/*", "/e/sites-enabled/shop.conf"),
        ("shop", "/e/vhosts/*.vhost", "/e/vhosts/shop.vhost"),
        ("shop", "/e/*/site.conf", None),
    ],
)
def test_the_name_under_which_a_pattern_reads_it(name: str, pattern: str, path: str | None) -> None:
    assert site_files.matching_path(name, pattern) == path


def test_a_star_ends_at_a_slash_and_does_not_begin_with_a_dot() -> None:
    assert site_files.glob_matches("/e/conf.d/a.conf", "/e/conf.d/*.conf")
    assert not site_files.glob_matches("/e/conf.d/x/a.conf", "/e/conf.d/*.conf")
    assert not site_files.glob_matches("/e/conf.d/.a.conf", "/e/conf.d/*.conf")
