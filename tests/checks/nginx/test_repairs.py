"""What corrects a configuration that nginx refuses. The messages are nginx's own (1.26)."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Command, Edit, Manual, Vantage
from diagnose.model.nginx import ConfigFile, NginxConfig, NginxTest
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx.edits import apply_patch
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, FILE, SITE, STOPPED, config, nginx_says

PASS = "proxy_pass http://127.0.0.1:3000;"
WORDS = (
    '"proxy_pass" cannot have URI part in location given by regular expression, or inside named '
    'location, or inside "if" statement, or inside "limit_except" block'
)
GROUP = "upstream app {\n    server 127.0.0.1:3000;\n}\n"


def claimed(message: str, text: str) -> Claim:
    (claim,) = judge(
        "nginx.config-invalid", nginx_says(message), config(text), STOPPED, masked=False
    )
    return claim


def at(message: str, text: str, written: str) -> str:
    """The message with the place of these words."""
    line = config(text).files[0].text.partition(written)[0].count("\n") + 1
    return f"{message} in {FILE}:{line}"


def corrected(claim: Claim, text: str) -> str:
    (step,) = [step for step in claim.fix.steps if isinstance(step, Edit)] if claim.fix else []
    after = apply_patch(config(text).files[0].text, step.diff)
    assert after is not None
    return after


@pytest.mark.parametrize(
    ("old", "wrong", "message", "right"),
    [
        ("http://127.0.0.1:3000", "localhost:3000", "invalid URL prefix", "http://localhost:3000"),
        ("http://127.0.0.1:3000", "http:/app:80/x", "invalid URL prefix", "http://app:80/x"),
        ("http://127.0.0.1:3000", "127.0.0.1:443", "invalid URL prefix", "https://127.0.0.1:443"),
        ("http://127.0.0.1:3000", "unix:/run/app.sock", "invalid URL prefix",
         "http://unix:/run/app.sock"),
        (PASS, f"gzip true; {PASS}",
         'invalid value "true" in "gzip" directive, it must be "on" or "off"', f"gzip on; {PASS}"),
        (PASS, f"client_max_body_size 100MB; {PASS}",
         '"client_max_body_size" directive invalid value', f"client_max_body_size 100m; {PASS}"),
        (PASS, f"proxy_read_timeout 300sec; {PASS}",
         '"proxy_read_timeout" directive invalid value', f"proxy_read_timeout 300s; {PASS}"),
        (PASS, f"if ($host == x) {{ return 404; }} {PASS}", 'unexpected "==" in condition',
         f"if ($host = x) {{ return 404; }} {PASS}"),
        (PASS, f"if $host = x {{ return 404; }} {PASS}", 'invalid condition "$host"',
         f"if ($host = x) {{ return 404; }} {PASS}"),
        (PASS, f"if($host = x) {{ return 404; }} {PASS}", 'unknown directive "if($host"',
         f"if ($host = x) {{ return 404; }} {PASS}"),
        ("443 ssl", "443ssl", 'host not found in "443ssl" of the "listen" directive', "443 ssl"),
        ("443 ssl", "443:ssl", 'invalid port in "443:ssl" of the "listen" directive', "443 ssl"),
        ("443 ssl", ":443 ssl", 'no host in ":443" of the "listen" directive', "443 ssl"),
        ("443 ssl", ":::443 ssl", 'invalid port in ":::443" of the "listen" directive',
         "[::]:443 ssl"),
        (PASS, f"add_header X-Robots a b c always; {PASS}",
         'invalid number of arguments in "add_header" directive',
         f'add_header X-Robots "a b c" always; {PASS}'),
        (PASS, f"add_header X-Sts max-age=1; includeSubDomains;\n        {PASS}",
         'unknown directive "includeSubDomains"',
         f'add_header X-Sts "max-age=1; includeSubDomains";\n        {PASS}'),
        (PASS, f"add_header X-Csp default-src 'self'; script-src 'self';\n        {PASS}",
         'invalid parameter "self"',
         f"add_header X-Csp \"default-src 'self'; script-src 'self'\";\n        {PASS}"),
        (PASS, f"listen_a;\n    root /a;\n    root /a;\n{PASS}", '"root" directive is duplicate',
         f"listen_a;\n    root /a;\n{PASS}"),
        ("listen 443 ssl;", "listen [::]:443 ssl ipv6only=on reuseport;",
         "duplicate listen options for [::]:443", "listen [::]:443 ssl;"),
        ("location / {", "location @app {", WORDS, "location @app {"),
    ],
)  # fmt: skip
def test_fires_and_corrects_what_can_mean_one_thing_only(
    old: str, wrong: str, message: str, right: str
) -> None:
    text = SITE.replace(old, wrong, 1)
    if message is WORDS:
        text = text.replace("3000;", "3000/;")
    last = wrong
    if message is WORDS:
        last = PASS.replace("3000", "3000/")
    elif wrong.startswith("listen_a"):
        last = f"    root /a;\n{PASS}"
    claim = claimed(at(message, text, last), text)
    assert corrected(claim, text) == config(SITE.replace(old, right, 1)).files[0].text
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


@pytest.mark.parametrize(
    ("location", "url", "right"),
    [
        ("~ ^/api/(.*)$", "http://127.0.0.1:3000/", "location ^~ /api/ {"),
        ("~ ^/accounts(.*)$", "http://127.0.0.1:3000/", "location ^~ /accounts {"),
        ("~ ^/(api|app)/", "http://127.0.0.1:3000/", f"location ~ ^/(api|app)/ {{\n        {PASS}"),
    ],
)
def test_fires_and_offers_the_likeliest_form_of_a_location(
    location: str, url: str, right: str
) -> None:
    text = SITE.replace("location /", f"location {location}").replace(PASS, f"proxy_pass {url};")
    claim = claimed(at(WORDS, text, f"proxy_pass {url};"), text)
    assert right in corrected(claim, text)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


BUSY = (
    '"proxy_busy_buffers_size" must be less than the size of all "proxy_buffers" minus one buffer'
)
GREATER = (
    '"{}" must be equal to or greater than the maximum of the value of "proxy_buffer_size" and one '
    'of the "proxy_buffers"'
)


@pytest.mark.parametrize(
    ("wrong", "message", "right"),
    [
        ("proxy_buffer_size 16k;", BUSY, "proxy_buffer_size 16k;\n{}proxy_buffers 8 16k;"),
        ("proxy_buffers 2 8k;", BUSY, "proxy_buffers 3 8k;"),
        ("proxy_buffers 4 32k;\n{}proxy_busy_buffers_size 256k;", BUSY,
         "proxy_buffers 9 32k;\n{}proxy_busy_buffers_size 256k;"),
        ("proxy_buffers 4 256k;\n{}proxy_busy_buffers_size 128k;",
         GREATER.format("proxy_busy_buffers_size"),
         "proxy_buffers 4 256k;\n{}proxy_busy_buffers_size 256k;"),
        ("proxy_buffers 8 128k;\n{}proxy_temp_file_write_size 64k;",
         GREATER.format("proxy_temp_file_write_size"),
         "proxy_buffers 8 128k;\n{}proxy_temp_file_write_size 256k;"),
        ("proxy_buffers 1 4k;", 'there must be at least 2 "proxy_buffers"', "proxy_buffers 3 4k;"),
    ],
)  # fmt: skip
def test_fires_and_makes_the_sizes_of_buffers_fit(wrong: str, message: str, right: str) -> None:
    indent = " " * 8
    text = SITE.replace(PASS, f"{wrong.format(indent)}\n{indent}{PASS}")
    claim = claimed(at(message, text, "nothing of this"), text)
    wanted = SITE.replace(PASS, f"{right.format(indent)}\n{indent}{PASS}")
    assert corrected(claim, text) == config(wanted).files[0].text
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_and_corrects_the_location_and_not_the_sizes_that_it_inherits() -> None:
    text = SITE.replace(PASS, f"proxy_buffer_size 16k;\n        {PASS}")
    text = text.replace("    location", "    proxy_buffers 4 4k;\n    location", 1)
    after = corrected(claimed(at(BUSY, text, "nothing of this"), text), text)
    assert "proxy_buffers 4 4k;" in after
    assert "proxy_buffer_size 16k;\n        proxy_buffers 4 16k;" in after


def test_fires_and_removes_a_listen_that_stands_there_already() -> None:
    text = SITE.replace("listen 443 ssl;", "listen 443 ssl;\n    listen 443;")
    claim = claimed(at("a duplicate listen 0.0.0.0:443", text, "listen 443;"), text)
    assert corrected(claim, text) == config(SITE).files[0].text


def test_fires_and_corrects_all_copies() -> None:
    text = SITE.replace("http://127.0.0.1:3000", "localhost:3000")
    twice = text.replace(
        "    location /", "    location /a { proxy_pass localhost:3000; }\n    location /"
    )
    claim = claimed(at("invalid URL prefix", twice, "location /a"), twice)
    assert corrected(claim, twice).count("proxy_pass http://localhost:3000;") == 2


def test_fires_and_drops_the_port_behind_the_name_of_a_group() -> None:
    text = GROUP + SITE.replace("127.0.0.1", "app")
    claim = claimed(at('upstream "app" may not have port 3000', text, "proxy_pass"), text)
    assert "proxy_pass http://app;" in corrected(claim, text)


def test_fires_and_makes_room_for_a_long_name() -> None:
    message = "could not build server_names_hash, you should increase {}: 64"
    claim = claimed(message.format("server_names_hash_bucket_size"), SITE)
    assert "http {\n    server_names_hash_bucket_size 128;\n" in corrected(claim, SITE) or (
        "server_names_hash_bucket_size 128;" in corrected(claim, SITE)
    )
    text = "server_names_hash_bucket_size 64;\n" + SITE
    claim = claimed(message.format("server_names_hash_bucket_size"), text)
    assert corrected(claim, text).count("server_names_hash_bucket_size") == 1


def test_fires_and_keeps_the_larger_of_two_sizes() -> None:
    text = "map_hash_bucket_size 128;\ngzip on;\nmap_hash_bucket_size 256;\n" + SITE
    claim = claimed(f'"map_hash_bucket_size" directive is duplicate in {FILE}:4', text)
    assert "128" not in corrected(claim, text)


@pytest.mark.parametrize(
    ("kept", "removed"),
    [
        ("client_max_body_size 64M;", "client_max_body_size 32m;"),
        ("client_max_body_size 0;", "client_max_body_size 1g;"),
        ("proxy_read_timeout 5m;", "proxy_read_timeout 60;"),
    ],
)
def test_fires_and_keeps_the_larger_of_two_limits(kept: str, removed: str) -> None:
    """A person looks which one is meant."""
    for lines in ((kept, removed), (removed, kept)):
        text = "\n".join(lines) + "\n" + SITE
        claim = claimed(f'"{kept.split()[0]}" directive is duplicate in {FILE}:3', text)
        assert kept in corrected(claim, text)
        assert removed not in corrected(claim, text)
        assert claim.fix
        assert claim.fix.applicability is Applicability.REVIEW


def test_fires_and_names_both_places_of_what_differs() -> None:
    text = SITE.replace("location /", "location / { root /x; }\n    location /")
    line = config(text).files[0].text.partition("location / {\n")[0].count("\n") + 1
    claim = claimed(f'duplicate location "/" in {FILE}:{line}', text)
    assert claim.facts["twice"]
    assert claim.facts["other"] == f"{FILE}:{line - 1}"
    assert claim.fix
    answers = [step for step in claim.fix.steps if isinstance(step, Manual)]
    assert [answer.step for answer in answers] == ["keep-first", "keep-second"]
    diffs = [step.diff for answer in answers for step in answer.commands if isinstance(step, Edit)]
    assert [("-    location / { root /x; }" in diff) for diff in diffs] == [False, True]


@pytest.mark.parametrize("lines", ["index index.php;", "try_files $uri $uri/ =404;", ""])
def test_fires_and_removes_the_location_of_a_default_site(lines: str) -> None:
    text = SITE.replace("location /", f"location / {{ {lines} }}\n    location /")
    line = config(text).files[0].text.partition("location / {\n")[0].count("\n") + 1
    claim = claimed(f'duplicate location "/" in {FILE}:{line}', text)
    after = corrected(claim, text)
    assert after.count("location /") == 1
    assert PASS in after
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_and_removes_a_block_that_stands_there_already() -> None:
    text = GROUP + GROUP + SITE
    claim = claimed(f'duplicate upstream "app" in {FILE}:5', text)
    assert corrected(claim, text).count("upstream app") == 1


def test_fires_and_corrects_the_name_of_a_zone() -> None:
    zone = "limit_req_zone $binary_remote_addr zone=ones:1m rate=5r/s;\n"
    text = zone + SITE.replace(PASS, f"limit_req zone=one; {PASS}")
    claim = claimed('zero size shared memory zone "one"', text)
    assert "limit_req zone=ones;" in corrected(claim, text)


def test_fires_and_shows_the_line_that_defines_a_zone() -> None:
    text = SITE.replace(PASS, f"limit_conn perip 4; {PASS}")
    claim = claimed('zero size shared memory zone "perip"', text)
    assert claim.facts["after"] == "limit_conn_zone $binary_remote_addr zone=perip:10m;"
    assert claim.facts["new_zone"]


@pytest.mark.parametrize(("wrong", "right"), [("$hots", "$host"), ("$shceme", "$scheme")])
def test_fires_and_corrects_the_name_of_a_variable(wrong: str, right: str) -> None:
    text = SITE.replace("$host", wrong).replace(PASS, f"if ({wrong} = x) {{ break; }} {PASS}")
    claim = claimed(f'unknown "{wrong[1:]}" variable', text)
    assert f"proxy_set_header Host {right};" in corrected(claim, text)
    assert f"if ({right} = x)" in corrected(claim, text)


def test_fires_and_uses_the_own_format_of_nginx() -> None:
    text = SITE.replace(PASS, f"access_log /var/log/a.log main; {PASS}")
    claim = claimed(at('unknown log format "main"', text, "access_log"), text)
    assert "access_log /var/log/a.log; " in corrected(claim, text)


def test_fires_and_does_without_the_settings_of_certbot() -> None:
    path = "/etc/letsencrypt/options-ssl-nginx.conf"
    text = SITE.replace("listen", f"include {path};\n    listen")
    missing = f'open() "{path}" failed (2: No such file or directory)'
    claim = claimed(at(missing, text, "include"), text)
    assert corrected(claim, text) == config(SITE).files[0].text
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


# Blocks


def test_fires_and_removes_the_brace_that_closes_a_block_early() -> None:
    wrong = SITE.replace("    location /", "    location /a { return 204; }\n    }\n    location /")
    text = config(wrong).files[0].text
    claim = claimed(at('"location" directive is not allowed here', wrong, "location / {"), wrong)
    # The laboratory plays it with a file of its own: this one is inside http.
    assert claim.facts["inside"] or corrected(claim, wrong) != text


EARLY = """\
server {
  listen 443 ssl;

  location @app {
    proxy_pass http://127.0.0.1:3000;
  }
    # what follows belongs to @app
    proxy_cache off;
  }

  location /ws {
    proxy_pass http://127.0.0.1:3000;
  }
}
"""


@pytest.mark.parametrize("extra", ["  }\n", "    }\n"])
def test_fires_and_removes_the_brace_behind_which_the_block_goes_on(extra: str) -> None:
    text = EARLY.replace("  }\n    # what", f"{extra}    # what")
    main = NginxConfig(
        vantage=Vantage.SERVER, path=FILE, main=nginx_parser.parse(text, FILE),
        files=(ConfigFile(FILE, text),),
    )  # fmt: skip
    line = text.partition("location /ws")[0].count("\n") + 1
    refused = nginx_says(f'"location" directive is not allowed here in {FILE}:{line}')
    _takes_out(extra, text, refused, main)


def test_fires_and_removes_the_brace_of_the_last_location() -> None:
    """Then the brace of the server block is the one that nginx does not expect."""
    last = EARLY.partition("\n  location /ws")[0]
    text = f"{last}}}\n\nserver {{\n  listen 80;\n}}\n"
    main = NginxConfig(
        vantage=Vantage.SERVER, path=FILE, main=nginx_parser.parse(text, FILE),
        files=(ConfigFile(FILE, text),),
    )  # fmt: skip
    line = text.partition("}\n\nserver")[0].count("\n") + 1
    _takes_out("  }\n", text, nginx_says(f'unexpected "}}" in {FILE}:{line}'), main)


def _takes_out(extra: str, text: str, refused: NginxTest, main: NginxConfig) -> None:
    (claim,) = judge("nginx.config-invalid", refused, main, STOPPED, masked=False)
    (edit,) = [step for step in claim.fix.steps if isinstance(step, Edit)] if claim.fix else []
    assert apply_patch(text, edit.diff) == text.replace(f"{extra}    # what", "    # what")


def test_fires_and_moves_what_belongs_into_http() -> None:
    mapped = "map $host $x {\n        default 1;\n    }"
    text = SITE.replace("    location", f"    {mapped}\n\n    location")
    claim = claimed(at('"map" directive is not allowed here', text, "map $host"), text)
    after = corrected(claim, text)
    assert after.index("map $host") < after.index("server {")
    assert after.count("map $host") == 1


def test_fires_and_puts_proxy_pass_into_a_location() -> None:
    text = "server {\n    listen 443 ssl;\n    proxy_pass http://127.0.0.1:3000;\n}\n"
    claim = claimed(at('"proxy_pass" directive is not allowed here', text, "proxy_pass"), text)
    wrapped = "    location / {\n        proxy_pass http://127.0.0.1:3000;\n    }\n"
    assert wrapped in corrected(claim, text)


def test_fires_and_puts_a_site_in_place_of_the_main_file_into_http() -> None:
    arguments = ("--http-log-path=/var/log/nginx/access.log", "--error-log-path=stderr")
    text = GROUP + SITE
    main = NginxConfig(
        vantage=Vantage.SERVER, path=FILE, main=nginx_parser.parse(text, FILE),
        files=(ConfigFile(FILE, text),),
    )  # fmt: skip
    refused = nginx_says(f'"upstream" directive is not allowed here in {FILE}:1')
    build = replace(BUILD, arguments=arguments)
    (claim,) = judge("nginx.config-invalid", refused, main, build, STOPPED)
    (edit,) = [step for step in claim.fix.steps if isinstance(step, Edit)] if claim.fix else []
    after = apply_patch(text, edit.diff)
    assert after is not None
    assert after.startswith("error_log /var/log/nginx/error.log;\n\nevents {\n}\n\nhttp {\n")
    assert after.endswith(f"{text}}}\n")


def test_fires_and_says_where_a_directive_may_stand() -> None:
    text = f"location /x {{\n    return 204;\n}}\n{SITE}"
    claim = claimed(at('"location" directive is not allowed here', text, "location /x"), text)
    assert claim.facts["before"] == "http"
    assert claim.facts["after"] == "server, location"


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        ("invalid URL prefix", "proxy_pass $backend;"),
        ("invalid URL prefix", "proxy_pass /run/app.sock;"),
        ('"client_max_body_size" directive invalid value', "client_max_body_size much;"),
        ('invalid number of arguments in "add_header" directive', "add_header X;"),
        ('unknown "nowhere_near" variable', "set $a $nowhere_near;"),
        ('unknown directive "else"', "if ($a) { return 404; } else { return 405; }"),
        (WORDS, "proxy_pass http://127.0.0.1:3000/v1/;"),
    ],
)
def test_fires_and_leaves_to_a_person_what_may_mean_anything(message: str, wrong: str) -> None:
    text = SITE.replace(PASS, wrong).replace("location /", "location ~ ^/(a|b)")
    claim = claimed(at(message, text, wrong), text)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_and_keeps_the_path_of_an_expression_that_is_a_folder() -> None:
    """`location ~ /git/` means a prefix, and the path of proxy_pass takes its place."""
    wrong = "proxy_pass http://127.0.0.1:3000/;"
    text = SITE.replace(PASS, wrong).replace("location /", "location ~ /git/")
    claim = claimed(at(WORDS, text, wrong), text)
    assert text.replace("location ~ /git/", "location ^~ /git/") in corrected(claim, text)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def locations(*patterns: str) -> str:
    lines = "\n".join(
        f"    location {each} {{ proxy_pass http://127.0.0.1:3000/; }}" for each in patterns
    )
    return f"server {{\n    listen 80;\n{lines}\n}}\n"


def test_fires_and_corrects_equal_lines_at_once() -> None:
    text = locations("~ /git/", "~ /wiki/")
    after = corrected(claimed(at(WORDS, text, "~ /git/"), text), text)
    assert locations("^~ /git/", "^~ /wiki/") in after


def test_fires_and_takes_the_path_away_where_a_location_is_below_another() -> None:
    """/grafana/api/live shall not become "/": the application has the whole path."""
    text = locations("~/grafana/", "~/grafana/api/live")
    after = corrected(claimed(at(WORDS, text, "~/grafana/"), text), text)
    assert text.replace(":3000/", ":3000") in after


def test_fires_and_takes_the_path_away_where_the_prefix_has_a_location() -> None:
    text = locations("/git/", "~ /git/")
    after = corrected(claimed(at(WORDS, text, "~ /git/"), text), text)
    assert "location ~ /git/ { proxy_pass http://127.0.0.1:3000; }" in after


STRAY = "# The API\nlocation /api/ {\n    proxy_pass http://127.0.0.1:4000;\n}\n"
REDIRECT = """\
server {
    listen 80;
    server_name shop.example.com;
    location / {
        return 301 https://$host$request_uri;
    }
}
"""


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (f"{SITE}\n{STRAY}", f"{SITE[:-2]}\n{STRAY}}}\n"),
        (f"{SITE}\n{STRAY}}}\n", f"{SITE[:-2]}\n{STRAY}}}\n"),
        (f"{SITE}\n{STRAY}\n{REDIRECT}", f"{SITE[:-2]}\n{STRAY}}}\n\n{REDIRECT}"),
    ],
    ids=["at the end", "with the brace that was meant", "before the redirect"],
)
def test_fires_and_ends_the_block_behind_its_locations(text: str, after: str) -> None:
    claim = claimed(at('"location" directive is not allowed here', text, "location /api/"), text)
    assert claim.facts["into_server"]
    assert corrected(claim, text) == config(after).files[0].text
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_and_moves_a_location_into_the_block_that_does_not_redirect() -> None:
    text = f"{SITE}{REDIRECT}\n{STRAY}"
    claim = claimed(at('"location" directive is not allowed here', text, "location /api/"), text)
    after = corrected(claim, text)
    (http,) = nginx_parser.parse(after, FILE)
    own, redirect = http.block or ()
    assert [each.args for each in own.block or () if each.name == "location"] == [
        ("/",),
        ("/api/",),
    ]
    assert redirect.name == "server"
    assert after.count("location /api/") == 1


@pytest.mark.parametrize(
    "text",
    [
        f"{SITE}{STRAY.replace('/api/', '/')}",
        f"{REDIRECT}{STRAY}",
        f"{REDIRECT}{STRAY}{SITE}{SITE.replace('shop.', 'blog.')}",
        STRAY,
    ],
    ids=["taken", "all is redirected", "two sites", "no site"],
)
def test_fires_and_leaves_a_location_whose_block_nobody_knows(text: str) -> None:
    line = f"http {{\n{text}".rpartition("\nlocation /")[0].count("\n") + 2
    message = f'"location" directive is not allowed here in {FILE}:{line}'
    assert not claimed(message, text).facts["into_server"]


@pytest.mark.parametrize(
    ("wrong", "message", "right"),
    [
        ("location ~ ^/[a-f0-9]{32}\\.txt$ { return 204; }", 'unknown directive "32}\\.txt$"',
         'location ~ "^/[a-f0-9]{32}\\.txt$" { return 204; }'),
        ("rewrite ^/([0-9]{4})/(.*)$ /y/$1 last;", 'directive "rewrite" is not terminated by ";"',
         'rewrite "^/([0-9]{4})/(.*)$" /y/$1 last;'),
        ("if ($uri ~ ^/([0-9]{4})$) { return 403; }", 'invalid condition "^/([0-9]"',
         'if ($uri ~ "^/([0-9]{4})$") { return 403; }'),
        ("location ~ ^/(\\d{4})-(\\d{1,2})/x$ { return 204; }",
         'pcre2_compile() failed: missing closing parenthesis in "^/(\\d"',
         'location ~ "^/(\\d{4})-(\\d{1,2})/x$" { return 204; }'),
    ],
)  # fmt: skip
def test_fires_and_quotes_an_expression_with_a_brace(wrong: str, message: str, right: str) -> None:
    text = SITE.replace("    location / {", f"    {wrong}\n    location / {{")
    claim = claimed(at(message, text, wrong), text)
    assert f"    {right}\n" in corrected(claim, text)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


@pytest.mark.parametrize(
    ("written", "meant", "lost"),
    [
        ("http://127.0.0.1:3000", "127.0.0.1:3000", ""),
        ("127.0.0.1:3000/", "127.0.0.1:3000", ""),
        ("http://app.lan:80/api", "app.lan:80", "/api"),
        ("https://127.0.0.1", "127.0.0.1:443", "https"),
    ],
)
def test_fires_and_leaves_the_address_of_a_server(written: str, meant: str, lost: str) -> None:
    text = GROUP.replace("127.0.0.1:3000", written) + SITE
    claim = claimed(at(f'invalid host in upstream "{written}"', text, "server"), text)
    assert f"    server {meant};\n" in corrected(claim, text)
    assert claim.facts["other"] == lost
    assert claim.fix
    assert (claim.fix.applicability is Applicability.AUTOMATIC) is not bool(lost)


@pytest.mark.parametrize(
    ("line", "message", "folder"),
    [
        ("access_log /var/log/shop/a.log;", 'open() "/var/log/shop/a.log" failed (2: No such',
         "/var/log/shop"),
        ("error_log logs/e.log;", 'open() "/usr/share/nginx/logs/e.log" failed (2: No such',
         "/usr/share/nginx/logs"),
        ("gzip on;", 'mkdir() "/var/cache/nginx/shop" failed (2: No such', "/var/cache/nginx"),
    ],
)  # fmt: skip
def test_fires_and_makes_the_folder_that_nginx_does_not_make(
    line: str, message: str, folder: str
) -> None:
    claim = claimed(message, SITE.replace(PASS, f"{line} {PASS}"))
    (step,) = claim.fix.steps if claim.fix else ()
    assert isinstance(step, Manual)
    first = step.commands[0]
    assert isinstance(first, Command)
    assert first.argv == ("mkdir", "-p", folder)


def test_fires_and_brings_the_lines_of_a_file_of_another_package() -> None:
    text = SITE.replace("proxy_set_header Host $host;", "include proxy_params;")
    message = at('open() "/etc/nginx/proxy_params" failed (2: No such file)', text, "include")
    claim = claimed(message, text)
    after = corrected(claim, text)
    assert "        proxy_set_header Host $host;\n        proxy_set_header X-Real-IP" in after
    assert claim.facts["known"]


def test_fires_and_asks_a_person_about_a_lost_file() -> None:
    """It may have closed something."""
    text = SITE.replace(PASS, f"include snippets/office.conf; {PASS}")
    message = 'open() "/etc/nginx/snippets/office.conf" failed (2: No such file)'
    claim = claimed(at(message, text, "include"), text)
    assert claim.facts["include"]
    assert not claim.facts["known"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert step.commands


def test_fires_and_gives_the_only_copy_of_a_lost_file_its_name_back() -> None:
    path = "/etc/nginx/snippets/office.conf"
    text = SITE.replace(PASS, f"include snippets/office.conf; {PASS}")
    message = at(f'open() "{path}" failed (2: No such file)', text, "include")
    failed = replace(nginx_says(message), former=(f"{path}.save",))
    (claim,) = judge("nginx.config-invalid", failed, config(text), STOPPED, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert isinstance(claim.fix.steps[0], Command)
    assert claim.fix.steps[0].argv == ("mv", "-n", f"{path}.save", path)


def test_fires_and_takes_the_line_of_lost_parameters_out() -> None:
    text = SITE.replace("    ssl_certificate ", "    ssl_dhparam dh.pem;\n    ssl_certificate ")
    claim = claimed('BIO_new_file("/etc/nginx/dh.pem") failed (SSL: No such file)', text)
    assert "dhparam" not in corrected(claim, text)


def test_fires_and_names_the_user_of_the_package() -> None:
    text = f"user www-data;\n{SITE}"
    message = at('getpwnam("www-data") failed', text, "user")
    claim = claimed(message, text)
    assert (claim.facts["other"], claim.facts["known"]) == ("www-data", False)
    build = replace(BUILD, arguments=("--user=nginx",))
    (claim,) = judge(
        "nginx.config-invalid", nginx_says(message), config(text), STOPPED, build, masked=False
    )
    assert "user nginx;" in corrected(claim, text)


def test_fires_and_defines_the_zone_of_a_cache() -> None:
    text = SITE.replace(PASS, f"proxy_cache shop; {PASS}")
    claim = claimed(f'"proxy_cache" zone "shop" is unknown in {FILE}:1', text)
    assert "proxy_cache_path /var/cache/nginx-shop levels=1:2 keys_zone=shop:10m" in corrected(
        claim, text
    )
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def included(text: str, message: str) -> tuple[Claim, str]:
    """A file of this text, which `http` includes, and what the fix leaves of it."""
    path = "/etc/nginx/conf.d/shop.conf"
    lines = "worker_processes auto;\nevents { }\nhttp {\n    sendfile on;\n}\n"
    outer = nginx_parser.parse(lines, FILE)
    inner = nginx_parser.parse(text, path)
    http = replace(outer[-1], block=(*(outer[-1].block or ())[:1], *inner))
    read = NginxConfig(
        vantage=Vantage.SERVER,
        path=FILE,
        main=(*outer[:-1], http),
        files=(ConfigFile(FILE, lines), ConfigFile(path, text)),
    )
    said = nginx_says(f"{message} in {path}:1")
    (claim,) = judge("nginx.config-invalid", said, read, STOPPED, masked=False)
    edits = [step for step in claim.fix.steps if isinstance(step, Edit)] if claim.fix else []
    after = apply_patch(text, edits[0].diff) if edits else None
    return claim, after if after is not None else text


def test_fires_and_takes_a_second_http_away() -> None:
    inner = (
        "http {\n  sendfile on;\n  log_format x '$host';\n  server { listen 81; }\n}\nevents { }\n"
    )
    claim, after = included(inner, '"http" directive is not allowed here')
    assert claim.facts["inner_http"]
    names = [each.name for each in nginx_parser.parse(after, "")]
    assert names == ["log_format", "server"]


def test_fires_and_leaves_a_second_http_that_reads_itself_to_a_person() -> None:
    claim, _ = included(
        "http {\n  include conf.d/*.conf;\n}\n", '"http" directive is not allowed here'
    )
    assert claim.facts["inside"]


def test_fires_and_removes_a_line_of_the_main_file() -> None:
    text = "worker_processes 4;\nserver { listen 81; }\n"
    claim, after = included(text, '"worker_processes" directive is not allowed here')
    assert after == "server { listen 81; }\n"
    assert claim.facts["other"] == f"{FILE}:1"


@pytest.mark.parametrize(
    ("wrong", "right", "message"),
    [
        ("location /x\n    return 204;\n    }\n", "location /x {\n    return 204;\n    }\n",
         'directive "location" has no opening "{"'),
        ("if ($host = x) # theirs\n    return 204;\n    }\n",
         "if ($host = x) { # theirs\n    return 204;\n    }\n",
         'directive "if" has no opening "{"'),
        ("rewrite ^/a$ /b permanant;\n", "rewrite ^/a$ /b permanent;\n",
         'invalid parameter "permanant"'),
        ("return 301 https://x.example.com $request_uri;\n",
         "return 301 https://x.example.com$request_uri;\n",
         'invalid number of arguments in "return" directive'),
    ],
)  # fmt: skip
def test_fires_and_corrects_a_line(wrong: str, right: str, message: str) -> None:
    text = SITE.replace("    location / {", f"    {wrong}    location / {{")
    place = wrong.split("\n")[1 if "opening" in message else 0]
    claim = claimed(at(message, text, place), text)
    assert f"    {right}" in corrected(claim, text)
    assert claim.facts["replaces"]


def test_fires_and_gives_a_zone_one_size() -> None:
    first = "server {\n    listen 81;\n    ssl_session_cache shared:SSL:50m;\n}\n"
    text = first + SITE.replace(
        "    location", "    ssl_session_cache shared:SSL:10m;\n    location"
    )
    said = 'the size 10485760 of shared memory zone "SSL" conflicts with already declared size 52'
    claim = claimed(at(said, text, "shared:SSL:10m"), text)
    assert corrected(claim, text).count("shared:SSL:50m") == 2


def test_fires_and_tells_how_the_main_file_comes_back() -> None:
    """After https://askubuntu.com/q/361902: /etc/nginx was removed."""
    claim = claimed(f'open() "{FILE}" failed (2: No such file or directory)', "")
    assert claim.facts["main_missing"]
    other = claimed('open() "/etc/nginx/other.conf" failed (2: No such file or directory)', "")
    assert not other.facts["main_missing"]


def outside(more: str) -> tuple[Claim, str]:
    """A site's file that the main file reads outside of http, as Alpine's reads conf.d."""
    path = "/etc/nginx/conf.d/shop.conf"
    main = f"include /etc/nginx/conf.d/*.conf;\nhttp {{\n    {more}\n}}\n"
    site = "server {\n    listen 80;\n}\n"
    given = NginxConfig(
        vantage=Vantage.SERVER,
        path=FILE,
        main=(*nginx_parser.parse(main, FILE), *nginx_parser.parse(site, path)),
        files=(ConfigFile(FILE, main, 0.0), ConfigFile(path, site, 0.0)),
    )
    said = nginx_says(f'"server" directive is not allowed here in {path}:1')
    (claim,) = judge("nginx.config-invalid", said, given, STOPPED, BUILD, masked=False)
    return claim, main


def test_fires_and_moves_a_site_to_the_folder_that_http_reads() -> None:
    claim, _ = outside("include /etc/nginx/http.d/*.conf;")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    step = claim.fix.steps[0]
    assert isinstance(step, Command)
    assert step.argv[-2:] == ("/etc/nginx/conf.d/shop.conf", "/etc/nginx/http.d/shop.conf")


def test_fires_and_moves_the_include_into_http() -> None:
    claim, main = outside("include mime.types;")
    assert claim.fix
    after = apply_patch(main, claim.fix.edits[0].diff)
    assert after
    assert after.endswith("include /etc/nginx/conf.d/*.conf;\n}\n")
    assert after.count("conf.d") == 1


VHOST = "/etc/nginx/vhost.d/shop.example.com"


def beside_generated(head: str, path: str = VHOST) -> Claim:
    """A `location /` of an included file, and one of the file itself, with this head."""
    inner = "location / {\n    try_files $uri @router;\n}\nlocation @router {\n    return 204;\n}\n"
    text = head + SITE.replace("    location /", f"    include {path};\n    location /", 1)
    whole = config(text)
    written = whole.files[0]
    line = written.text.partition("location /")[0].count("\n") + 1
    trees = {FILE: whole.main, path: nginx_parser.parse(inner, path)}
    own = replace(
        whole,
        files=(written, ConfigFile(path, inner)),
        main=nginx_parser.expand(FILE, trees, {path: (path,)}),
    )
    says = nginx_says(f'duplicate location "/" in {FILE}:{line}')
    (claim,) = judge("nginx.config-invalid", says, own, STOPPED, masked=False)
    return claim


def test_fires_and_removes_a_location_that_nginx_proxy_makes_itself() -> None:
    claim = beside_generated("# nginx-proxy version : 1.6.1\n")
    assert claim.facts["vhost"]
    assert claim.facts["after"] == f"{VHOST}:1"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert edit.path == VHOST
    assert "-location / {" in edit.diff
    assert "-location @router" not in edit.diff


@pytest.mark.parametrize(
    ("head", "path"), [("", VHOST), ("# nginx-proxy version : 1.6.1\n", "/etc/nginx/own.conf")]
)
def test_silent_on_a_location_that_nothing_makes(head: str, path: str) -> None:
    assert not beside_generated(head, path).facts["vhost"]
