import re

import pytest

from diagnose.parsers.nginx import directive_versions


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("stream", "ngx_stream_module"),
        ("brotli_comp_level", "ngx_http_brotli_filter_module"),
        ("brotli_static", "ngx_http_brotli_static_module"),
        ("more_clear_input_headers", "ngx_http_headers_more_filter_module"),
        ("content_by_lua_block", "ngx_http_lua_module"),
        ("set_real_ip_from", ""),
        ("geoip_country", "ngx_http_geoip_module"),
        ("geoip2", "ngx_http_geoip2_module"),
    ],
)
def test_a_directive_belongs_to_its_module(name: str, file: str) -> None:
    found = directive_versions.module(name)
    assert found
    assert found.file == file


@pytest.mark.parametrize(
    "name", ["server", "proxy_pass", "set", "streams", "more_headers", "echoes"]
)
def test_what_every_nginx_has_or_none_belongs_to_none(name: str) -> None:
    assert directive_versions.module(name) is None


def test_each_module_can_be_told_by_its_file_or_its_switch() -> None:
    for one in directive_versions.MODULES:
        re.compile(one.directives)
        assert one.file or one.switch
        assert not one.file or directive_versions.module_by_file(one.file)


def test_a_version_is_written_as_nginx_writes_it() -> None:
    assert directive_versions.version_text((1, 25, 1)) == "1.25.1"
