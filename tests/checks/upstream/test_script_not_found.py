from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit, Manual, Observation, Vantage
from diagnose.model.containers import (
    BindMount,
    ComposeFile,
    ComposeService,
    Container,
    Containers,
    ScriptContainer,
)
from tests.support.check_evidence import SHOP, judge, texts
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import LOG_READ, logged, page
from tests.support.page_file_access import examined

CHECK = "upstream.script-not-found"
SITE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /var/www/shop;
    location / {
        fastcgi_pass unix:/run/php/php-fpm.sock;
    }
}
"""
SAID = (
    'FastCGI sent in stderr: "Primary script unknown" while reading response header from upstream'
)
UNKNOWN = replace(logged(SAID), upstream="fastcgi://unix:/run/php/php-fpm.sock:")


def test_fires_and_names_the_folder() -> None:
    (claim,) = judge(
        "upstream.script-not-found", RUNNING, config(SITE), LOG_READ, UNKNOWN, page(404)
    )
    assert claim.facts["folder"] == "/var/www/shop"
    assert claim.location
    assert claim.location.line == 5


def test_fires_when_php_refuses_the_ending() -> None:
    text = "FastCGI sent in stderr: \"Access to the script '/var/www/shop' has been denied (see "
    line = logged(text + 'security.limit_extensions)" while reading response header')
    (claim,) = judge("upstream.script-not-found", RUNNING, config(SITE), LOG_READ, line, page(403))
    assert claim.facts["denied"]
    assert (claim.facts["refused"], claim.facts["owner"]) == ("/var/www/shop", "location /")
    assert any("fastcgi_pass unix:/run/php/php-fpm.sock; }" in text for text in texts(CHECK, claim))


BEHIND = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    location /info {
        proxy_pass http://127.0.0.1:8867;
    }
}
server {
    listen 127.0.0.1:8867;
    location / {
        alias /home/shop;
        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
        fastcgi_pass 127.0.0.1:9000;
    }
}
"""
NO_ENDING = (
    "FastCGI sent in stderr: \"Access to the script '/home/shop/info' has been denied (see "
    'security.limit_extensions)" while reading response header'
)


def refused(*seen: Observation) -> Claim:
    line = replace(logged(NO_ENDING), request="GET /info HTTP/1.1")
    answer = replace(page(403), url="https://shop.example.com/info")
    target = replace(SHOP, path="/info")
    evidence = (RUNNING, config(BEHIND), LOG_READ, line, answer, *seen)
    (claim,) = judge(CHECK, *evidence, target=target, masked=False)
    return claim


def test_a_script_that_is_there_with_its_ending_is_named_so() -> None:
    """https://cnblogs.com/bneglect/p/11558593.html, behind a block that passes the path on."""
    script = "/home/shop/info"
    claim = refused(examined(script, url="/info", elsewhere=f"{script}.php", mistake="script"))
    assert claim.facts["elsewhere"] == "/home/shop/info.php"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    diff = str(claim.fix.steps[0])
    for line in (
        "set $script_file $document_root$fastcgi_script_name;",
        "if (-f $script_file.php) {",
        "fastcgi_param SCRIPT_FILENAME $script_file;",
    ):
        assert line in diff


def test_a_refused_file_that_is_not_there_names_the_location_behind() -> None:
    claim = refused()
    assert (claim.facts["refused"], claim.facts["owner"]) == ("/home/shop/info", "location /")
    assert any("fastcgi_pass 127.0.0.1:9000; }" in text for text in texts(CHECK, claim))


def test_a_location_for_scripts_alone_is_not_replaced() -> None:
    text = "FastCGI sent in stderr: \"Access to the script '/var/www/shop/a.jpg' has been denied ("
    line = logged(f'{text}see security.limit_extensions)" while reading response header')
    site = config(SITE.replace("location / {", "location ~ \\.php {"))
    page_of = replace(SHOP, path="/a.jpg/x.php")
    observations = (RUNNING, site, LOG_READ, replace(line, request="GET /a.jpg/x.php HTTP/1.1"))
    (claim,) = judge(CHECK, *observations, page(403), target=page_of)
    assert claim.facts["pass"] == ""
    assert claim.facts["denied"]


def test_a_page_with_php_in_it_may_be_run_by_its_pool() -> None:
    text = "FastCGI sent in stderr: \"Access to the script '/var/www/shop/a.html' has been denied ("
    line = logged(f'{text}see security.limit_extensions)" while reading response header')
    line = replace(line, upstream="fastcgi://unix:/run/php/php8.4-fpm.sock:")
    site = config(SITE.replace("location / {", "location ~ \\.(php|html)$ {"))
    page_of = replace(SHOP, path="/a.html")
    observations = (RUNNING, site, LOG_READ, replace(line, request="GET /a.html HTTP/1.1"))
    (claim,) = judge(CHECK, *observations, page(403), target=page_of, masked=False)
    assert (claim.facts["ending"], claim.facts["version"]) == (".html", "8.4")
    assert any("limit_extensions = .php .html" in text for text in texts(CHECK, claim))


PROGRAM = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /var/www/shop;
    location /git/ {
        try_files $uri $uri/ /git/index.php$is_args$args;
    }
    location ~ \\.php$ {
        fastcgi_pass unix:/run/php/php-fpm.sock;
        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
    }
}
"""


def test_fires_on_an_address_of_a_program_that_ends_with_php() -> None:
    """https://github.com/klaussilveira/gitlist/issues/754: it shows files of others."""
    path = "/git/blob/master/index.php"
    url, missing = f"https://shop.example.com{path}", f"/var/www/shop{path}"
    line = replace(UNKNOWN, request=f"GET {path} HTTP/1.1")
    access = examined(missing, url=path, elsewhere="/var/www/shop/git/index.php", mistake="script")
    said = (RUNNING, config(PROGRAM), LOG_READ, line, replace(page(404), url=url), access)
    (claim,) = judge(CHECK, *said, target=replace(SHOP, path=path))
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["program"] == "/git/index.php"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "rewrite ^/git/ /git/index.php last;" in str(claim.fix.steps[0])
    # Where nothing leads to that script, a folder or a file is what is wrong.
    plain = config(PROGRAM.replace("/git/index.php$is_args$args", "=404"))
    (claim,) = judge(CHECK, said[0], plain, *said[2:], target=replace(SHOP, path=path))
    assert claim.facts["program"] == ""


def test_silent_when_php_only_warns() -> None:
    line = logged('FastCGI sent in stderr: "PHP message: PHP Warning:  Undefined variable"')
    assert not judge("upstream.script-not-found", RUNNING, config(SITE), LOG_READ, line, page(404))


def test_silent_when_the_page_answers() -> None:
    assert not judge(
        "upstream.script-not-found", RUNNING, config(SITE), LOG_READ, UNKNOWN, page(200)
    )


DOCKER = replace(logged(SAID), upstream="fastcgi://127.0.0.1:9000")
LACKS = ScriptContainer(
    vantage=Vantage.SERVER, endpoint="127.0.0.1:9000", engine="docker", name="fpm",
    path="/var/www/shop/index.php", is_there=False, folder="/var/www/shop",
    source="/var/www/shop",
)  # fmt: skip


def of(container: ScriptContainer) -> Claim:
    seen = (RUNNING, config(SITE), LOG_READ, DOCKER, page(404), container)
    (claim,) = judge("upstream.script-not-found", *seen, masked=False)
    return claim


def step_of(claim: Claim) -> str:
    (step,) = claim.fix.steps if claim.fix else ()
    assert isinstance(step, Manual)
    return step.step


def test_fires_and_says_to_mount_the_folder() -> None:
    claim = of(LACKS)
    assert step_of(claim) == "mount-the-folder"
    assert (claim.facts["container"], claim.facts["source"]) == ("fpm", "/var/www/shop")
    assert LACKS in claim.because


def test_fires_and_names_the_path_in_the_container() -> None:
    mounted = replace(LACKS, mounts=(BindMount("/srv", "/var/www"),))
    claim = of(replace(mounted, folder="/var/www/other"))
    assert step_of(claim) == "name-the-other-path"
    claim = of(mounted)
    assert claim.facts["seen"] == "/srv/shop"


LOCATION = (
    "location / { try_files $uri /index.php; }\n    location ~ \\.php$ {\n"
    "        include fastcgi_params;\n        fastcgi_pass 127.0.0.1:9000;\n    }"
)


def patch_of(name: str, mounts: tuple[BindMount, ...], *more: Observation) -> str:
    """The patch for a location that has this line."""
    text = SITE.replace(SITE[SITE.index("location") : SITE.rindex("    }") + 5], LOCATION)
    text = text.replace("fastcgi_params;\n", f"fastcgi_params;\n{name}")
    container = replace(LACKS, mounts=mounts)
    seen = (RUNNING, config(text), LOG_READ, DOCKER, page(404), container, *more)
    (claim,) = judge("upstream.script-not-found", *seen, masked=False)
    assert claim.fix
    return "".join(edit.diff for edit in claim.fix.edits)


@pytest.mark.parametrize(
    "name", ["", "        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;\n"]
)
def test_fires_and_writes_the_path_in_the_container(name: str) -> None:
    mounts = (BindMount("/srv", "/var/www"),)
    line = "        fastcgi_param SCRIPT_FILENAME /srv/shop$fastcgi_script_name;\n"
    assert f"+{line}" in patch_of(name, mounts)
    fixed = "        fastcgi_param SCRIPT_FILENAME /old$fastcgi_script_name;\n"
    assert not patch_of(fixed, mounts)


def test_fires_and_names_the_folder_that_has_the_script() -> None:
    """Both see the site's folder at the same path, and the script is in another one of it."""
    mounts = (BindMount("/var/www", "/var/www"),)
    usual = "        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;\n"
    within = "/var/www/shop/blog"
    for own, line in (("/var/www", f"    root {within};"), ("/srv", f"{within}$fastcgi")):
        container = replace(LACKS, mounts=(BindMount("/var/www", own),), within=within)
        text = SITE.replace(SITE[SITE.index("location") : SITE.rindex("    }") + 5], LOCATION)
        text = text.replace("fastcgi_params;\n", f"fastcgi_params;\n{usual}")
        text = text.replace("location /", "root /var/www/shop;\n    location /", 1)
        seen = (RUNNING, config(text), LOG_READ, DOCKER, page(404), container)
        (claim,) = judge("upstream.script-not-found", *seen, masked=False)
        assert claim.fix
        diff = "".join(edit.diff for edit in claim.fix.edits)
        assert line in diff
        assert (claim.facts["within"], claim.facts["seen"]) == (within, "")
    assert not patch_of(usual, mounts)


def test_fires_and_mounts_the_folder_in_the_compose_file() -> None:
    path = "/srv/shop/compose.yaml"
    text = "services:\n  php:\n    image: php\n    volumes:\n      - ./a:/a\n"
    file = ComposeFile(vantage=Vantage.SERVER, path=path, text=text)
    service = ComposeService("shop", "php", "/srv/shop", (path,))
    own = Container(engine="docker", id="b" * 64, name="fpm", state="running", compose=service)
    diff = patch_of("", (), file, Containers(vantage=Vantage.SERVER, containers=(own,)))
    assert '+      - "/var/www/shop:/var/www/shop"\n' in diff


def test_fires_and_mounts_the_project_of_a_public_folder() -> None:
    """Its scripts load what lies beside that folder."""
    path = "/srv/shop/compose.yaml"
    text = "services:\n  php:\n    image: php\n"
    file = ComposeFile(vantage=Vantage.SERVER, path=path, text=text)
    service = ComposeService("shop", "php", "/srv/shop", (path,))
    own = Container(engine="docker", id="b" * 64, name="fpm", state="running", compose=service)
    folder = "/var/www/shop/public"
    public = replace(LACKS, path=f"{folder}/index.php", folder=folder, source=folder)
    known = Containers(vantage=Vantage.SERVER, containers=(own,))
    site = config(SITE.replace("/var/www/shop", folder))
    seen = (RUNNING, site, LOG_READ, DOCKER, page(404), public, file, known)
    (claim,) = judge("upstream.script-not-found", *seen, masked=False)
    assert claim.fix
    assert '+      - "/var/www/shop:/var/www/shop"\n' in claim.fix.edits[0].diff


def test_fires_as_before_where_the_container_says_nothing() -> None:
    """It has the script, it is another one, or only nginx's image has the folder."""
    for container in (
        replace(LACKS, is_there=True),
        replace(LACKS, endpoint="127.0.0.1:9001"),
        replace(LACKS, source=""),
    ):
        assert step_of(of(container)) == "correct-the-path"


ELSEWHERE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    location / {
        root /srv/shop;
        index index.php;
    }
    location ~ \\.php$ {
        ROOT
        include fastcgi_params;
        fastcgi_pass 127.0.0.1:9000;
    }
}
"""


def corrected(text: str, missing: str, there: str, url: str = "/") -> Claim:
    access = examined(missing, url, elsewhere=there, mistake="script")
    target = replace(SHOP, path=url)
    line = replace(logged(SAID, path=url), upstream=UNKNOWN.upstream)
    seen = (config(text), LOG_READ, line, replace(page(404), url=target.url), access)
    state = replace(RUNNING, masters=(replace(RUNNING.masters[0], arguments=("-p", "/etc/nginx")),))
    (claim,) = judge("upstream.script-not-found", state, *seen, target=target)
    return claim


@pytest.mark.parametrize("root", ["root html;", ""])
def test_fires_and_gives_the_location_of_php_the_folder_of_the_pages(root: str) -> None:
    text = ELSEWHERE.replace("        ROOT\n", f"        {root}\n" if root else "")
    claim = corrected(text, "/etc/nginx/html/index.php", "/srv/shop/index.php")
    assert (claim.facts["named"], claim.facts["elsewhere"]) == (
        "/etc/nginx/html/index.php", "/srv/shop/index.php",
    )  # fmt: skip
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert "+        root /srv/shop;" in edit.diff
    assert "+        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;" in edit.diff


def test_fires_and_writes_a_location_for_php_below_the_prefix() -> None:
    php = "location ~ \\.php$ { include fastcgi.conf; fastcgi_pass unix:/run/php/php-fpm.sock; }"
    text = SITE.replace(
        "location / {", f"location /blog/ {{ alias /srv/wp/; }} {php} location / {{"
    )
    claim = corrected(text, "/var/www/shop/blog/a.php", "/srv/wp/a.php", "/blog/a.php")
    assert claim.fix
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    lines = [line.lstrip("+ ") for line in edit.diff.splitlines()]
    assert "fastcgi_pass unix:/run/php/php-fpm.sock;" in lines
    assert "fastcgi_param SCRIPT_FILENAME $request_filename;" in lines


def test_fires_and_lets_root_name_the_public_folder() -> None:
    text = f"{SITE.replace('fastcgi_pass', 'include fastcgi_params; fastcgi_pass')}"
    there = "/var/www/shop/public/index.php"
    claim = corrected(text, "/var/www/shop/index.php", there)
    assert claim.fix
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert "+    root /var/www/shop/public;" in edit.diff


def test_fires_and_names_the_file_below_an_alias() -> None:
    php = "location ~ \\.php$ { fastcgi_pass 127.0.0.1:9000; include fastcgi_params; }"
    text = SITE.replace(
        "location / {", f"location /blog/ {{ alias /srv/wp/; {php} }} location / {{"
    )
    claim = corrected(text, "/srv/wp/blog/a.php", "/srv/wp/a.php", "/blog/a.php")
    assert claim.fix
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert "fastcgi_param SCRIPT_FILENAME $request_filename;" in edit.diff


def test_fires_and_leaves_it_to_a_person_where_the_script_is_nowhere() -> None:
    claim = corrected(ELSEWHERE.replace("        ROOT\n", ""), "/etc/nginx/html/index.php", "")
    assert step_of(claim) == "correct-the-path"
    assert claim.facts["named"] == "/etc/nginx/html/index.php"
