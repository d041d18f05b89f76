"""Where PHP has the limit that it logged."""

import asyncio

import pytest

from diagnose.model.applications import ReadSetting
from diagnose.probes.inside.php_limits import emit_limits, emit_stop
from tests.support.fake_context import Looking
from tests.support.nginx_evidence import config
from tests.support.recorded_machine import RecordedMachine
from tests.support.upstream_evidence import logged, page

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


STOPPED = (
    'FastCGI sent in stderr: "PHP message: PHP Fatal error:  {} in /srv/blog/index.php on line 1" '
    "while reading response header from upstream"
)


def stop(words: str, files: dict[str, str]) -> list[ReadSetting]:
    ctx = Looking(RecordedMachine({}, files=files))
    ctx.emit(page(500))
    socket = "fastcgi://unix:/run/php/php8.2-fpm.sock:"
    asyncio.run(emit_stop(ctx, logged(STOPPED.format(words), upstream=socket)))
    return list(ctx.observed(ReadSetting))


def test_the_limit_at_which_this_version_of_php_stopped() -> None:
    words = "Allowed memory size of 134217728 bytes exhausted (tried to allocate 4096 bytes)"
    other = "/etc/php/8.1/fpm/php.ini"
    (read,) = stop(words, {INI: "memory_limit = 128M\n", other: "memory_limit = 128M\n"})
    assert (read.topic, read.file, read.new) == ("memory", INI, "memory_limit = 256M")
    pool = "/etc/php/8.2/fpm/pool.d/www.conf"
    (read,) = stop(words, {INI: "memory_limit = 64M\n", pool: "php_value[memory_limit] = 128M\n"})
    assert (read.file, read.new) == (pool, "php_value[memory_limit] = 256M")
    assert not stop(words, {INI: "memory_limit = -1\n"})
    (read,) = stop("Maximum execution time of 30 seconds exceeded", {INI: "max_execution_time=30"})
    assert read.new == "max_execution_time=60"
    assert not stop("Maximum execution time of 90 seconds exceeded", {INI: "max_execution_time=90"})


OUT_OF_MEMORY = "Allowed memory size of 792723456 bytes exhausted (tried to allocate 20480 bytes)"
OWN = "/srv/shop/pub/.user.ini"


def stop_behind(lines: str, files: dict[str, str]) -> list[ReadSetting]:
    ctx = Looking(RecordedMachine({}, files=files))
    ctx.emit(page(500))
    ctx.emit(config(SITE.format(lines)))
    socket = "fastcgi://unix:/run/php/php8.2-fpm.sock:"
    asyncio.run(emit_stop(ctx, logged(STOPPED.format(OUT_OF_MEMORY), upstream=socket)))
    return list(ctx.observed(ReadSetting))


def test_the_file_of_the_folder_wins_and_nothing_is_lowered() -> None:
    files = {OWN: "memory_limit = 756M\n", INI: "memory_limit = 756M\n"}
    (read,) = stop_behind("set $base /srv/shop; root $base/pub;", files)
    assert (read.file, read.new, read.needs_restart) == (OWN, "memory_limit = 2048M", False)
    pool = {"/etc/php/8.2/fpm/pool.d/www.conf": "php_admin_value[memory_limit] = 756M\n"}
    (read,) = stop_behind("set $base /srv/shop; root $base/pub;", {**files, **pool})
    assert read.new == "php_admin_value[memory_limit] = 2048M"
    assert read.unit == "php8.2-fpm"


def test_what_nginx_hands_on_is_raised_in_its_line() -> None:
    lines = '\nlocation ~ \\.php$ {\nfastcgi_param PHP_VALUE "memory_limit=756M";\n}\n'
    (read,) = stop_behind(lines, {INI: "memory_limit = 756M\n"})
    assert read.new == 'fastcgi_param PHP_VALUE "memory_limit=2048M";'
    assert read.load == ("nginx", "-s", "reload")
    assert not stop_behind(lines.replace("756M", "2G"), {INI: "memory_limit = 2G\n"})
