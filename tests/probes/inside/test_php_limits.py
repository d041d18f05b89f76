"""Where PHP has the limit that it logged."""

import asyncio

import pytest

from diagnose.model.applications import ReadSetting
from diagnose.probes.inside.php_limits import emit_limits
from tests.support.fake_context import Looking
from tests.support.nginx_evidence import config
from tests.support.recorded_machine import RecordedMachine
from tests.support.upstream_evidence import logged

WORDS = "PHP Warning:  POST Content-Length of 9000189 bytes exceeds the limit of 8388608 bytes"
INI = "/etc/php/8.2/fpm/php.ini"
SITE = "server {{ listen 443 ssl; server_name shop.example.com; {} }}"


def read(files: dict[str, str], lines: str = "client_max_body_size 500m;") -> list[ReadSetting]:
    ctx = Looking(RecordedMachine({}, files=files))
    ctx.emit(config(SITE.format(lines)))
    asyncio.run(emit_limits(ctx, logged(WORDS)))
    return list(ctx.observed(ReadSetting))


def test_both_lines_of_the_file_with_the_size_that_nginx_takes() -> None:
    text = "[PHP]\nupload_max_filesize = 2M\npost_max_size = 8M\n"
    post, upload = read({INI: text, "/etc/php/8.1/fpm/php.ini": "post_max_size = 9M\n"})
    assert (post.new, post.place) == ("post_max_size = 500M", f"{INI}:3")
    assert (upload.new, upload.unit) == ("upload_max_filesize = 500M", "php8.2-fpm")
    (post,) = read({INI: "post_max_size = 8M\n"}, "")
    assert post.wanted == "16M"


@pytest.mark.parametrize(
    "files",
    [
        {INI: "post_max_size = 64M\n"},
        {INI: "post_max_size = 8M\n", "/etc/php/8.1/fpm/php.ini": "post_max_size = 8M\n"},
        {},
    ],
)
def test_nothing_where_it_was_raised_or_two_files_may_count(files: dict[str, str]) -> None:
    assert not read(files)
