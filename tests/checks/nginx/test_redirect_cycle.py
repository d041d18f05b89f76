from dataclasses import replace

from diagnose.model import Applicability, Confidence, Edit, Fix
from diagnose.model.files import PageFileAccess
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import LOADED, RUNNING, config
from tests.support.page_errors import LOG_READ, logged, page, redirected
from tests.support.page_file_access import examined

CYCLE = 'rewrite or internal redirection cycle while internally redirecting to "/index.html"'
SPA = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /var/www/shop;
    location / {
        try_files $uri $uri/ /index.html;
    }
}
"""


def test_fires_and_names_the_file_that_is_missing() -> None:
    (claim,) = judge(
        "nginx.redirect-cycle", RUNNING, config(SPA), LOG_READ, logged(CYCLE), page(500)
    )
    assert claim.facts["file"] == "/var/www/shop/index.html"
    assert claim.confidence is Confidence.CERTAIN
    assert claim.location
    assert claim.location.line == 7


def test_fires_with_the_script_that_the_site_has_in_place_of_a_page() -> None:
    for names, script in (("index.php", "/index.php"), ("index.html index.php", "")):
        site = SPA.replace("    root", f"    index {names};\n    root")
        (claim,) = judge(
            "nginx.redirect-cycle", RUNNING, config(site), LOG_READ, logged(CYCLE), page(500)
        )
        assert claim.facts["script"] == script


def test_fires_without_a_file_where_another_rule_leads_back() -> None:
    site = SPA.replace("try_files $uri $uri/ /index.html", "rewrite ^ /index.html")
    (claim,) = judge(
        "nginx.redirect-cycle", RUNNING, config(site), LOG_READ, logged(CYCLE), page(500)
    )
    assert claim.facts["file"] == ""
    assert claim.facts["directive"] == "rewrite"


def test_fires_on_a_rewrite_into_a_folder_of_its_own_location() -> None:
    text = 'rewrite or internal redirection cycle while processing "/docs/v2/v2/"'
    line = logged(text, path="/docs/")
    at = replace(page(500), url="https://shop.example.com/docs/")

    def steps(body: str) -> tuple[str, str]:
        site = SPA.replace("location /", "location /docs/")
        site = site.replace("try_files $uri $uri/ /index.html;", body)
        observations = (RUNNING, config(site), LOG_READ, line, at)
        target = replace(SHOP, path="/docs/")
        (claim,) = judge("nginx.redirect-cycle", *observations, target=target)
        assert claim.fix
        return str(claim.facts["below"]), str(claim.fix.steps[0]).replace("\\n", "\n")

    rule = "rewrite ^/docs/(.*)$ /docs/v2/$1 last;"
    below, text = steps(rule)
    assert below == "/docs/v2/"
    assert "+    location /docs/v2/ {" in text
    assert "/docs/v2/$1 break;" in steps(f"{rule} proxy_pass http://127.0.0.1:3000;")[1]
    assert "end-the-cycle" in steps(f"{rule} expires 1d;")[1]
    assert not steps("rewrite ^/docs/(.*)$ /docs/v2/index.html last;")[0]


def test_fires_and_is_likely_if_the_line_is_from_before_this_run() -> None:
    earlier = logged(CYCLE, when=LOADED + 5)
    (claim,) = judge("nginx.redirect-cycle", RUNNING, config(SPA), LOG_READ, earlier, page(500))
    assert claim.confidence is Confidence.LIKELY


def test_silent_when_the_page_works() -> None:
    assert not judge(
        "nginx.redirect-cycle", RUNNING, config(SPA), LOG_READ, logged(CYCLE), page(200)
    )


def test_silent_when_the_line_is_older_than_the_loaded_configuration() -> None:
    old = logged(CYCLE, when=LOADED - 5)
    assert not judge("nginx.redirect-cycle", RUNNING, config(SPA), LOG_READ, old, page(500))


def test_silent_when_the_line_is_about_another_site_or_path() -> None:
    for line in (logged(CYCLE, host="blog.example.com"), logged(CYCLE, path="/other")):
        assert not judge("nginx.redirect-cycle", RUNNING, config(SPA), LOG_READ, line, page(500))


def test_silent_when_nginx_logged_another_error() -> None:
    other = logged("connect() failed (111: Connection refused) while connecting to upstream")
    assert not judge("nginx.redirect-cycle", RUNNING, config(SPA), LOG_READ, other, page(500))


def test_fires_on_the_page_to_which_the_target_redirects() -> None:
    site = SPA.replace("location / {", "location = / { return 302 /app/; }\n    location /app/ {")
    line = logged(CYCLE, path="/app/")
    (claim,) = judge(
        "nginx.redirect-cycle", RUNNING, config(site), LOG_READ, line, *redirected(500)
    )
    assert claim.facts["url"] == "https://shop.example.com/app/"
    assert claim.facts["directive"] == "try_files"
    assert not judge(
        "nginx.redirect-cycle", RUNNING, config(site), LOG_READ, line, *redirected(200)
    )


BELOW = SPA.replace("location / {", "location /app/ {").replace("/index.html", "/app/index.html")


def corrected(text: str, path: str, access: PageFileAccess, masked: bool = True) -> str:
    """The edit for a page of the application that is there. A recording keeps no comments."""
    target = replace(SHOP, path=path)
    line = logged(
        CYCLE.replace("/index.html", access.path.removeprefix("/var/www/shop")), path=path
    )
    failed, access = replace(page(500), url=target.url), replace(access, url=target.url)
    seen = (RUNNING, config(text), LOG_READ, line, failed, access)
    (claim,) = judge("nginx.redirect-cycle", *seen, target=target, masked=masked)
    assert claim.facts["elsewhere"] == access.elsewhere
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    return next(step.diff for step in claim.fix.steps if isinstance(step, Edit))


def test_fires_and_writes_alias_for_a_prefix_that_is_no_folder() -> None:
    access = examined(
        "/var/www/shop/app/index.html", elsewhere="/var/www/shop/index.html", mistake="base"
    )
    assert "+        alias /var/www/shop/;" in corrected(BELOW, "/app/", access)


def test_fires_and_names_the_folder_of_the_build() -> None:
    access = examined(
        "/var/www/shop/index.html", elsewhere="/var/www/shop/dist/index.html", mistake="below"
    )
    assert "+    root /var/www/shop/dist;" in corrected(SPA, "/cart", access)


COMMENTED = BELOW.replace("        try_files", "        # alias /srv/app/;\n        try_files")


def test_fires_and_takes_the_line_out_of_its_comment() -> None:
    access = examined(
        "/var/www/shop/app/index.html", elsewhere="/srv/app/index.html", mistake="commented"
    )
    diff = corrected(COMMENTED, "/app/", access, masked=False)
    assert "-        # alias /srv/app/;" in diff
    assert "+        alias /srv/app/;" in diff


def test_fires_and_names_the_folder_beside_the_root() -> None:
    access = examined(
        "/var/www/shop/app/index.html", elsewhere="/var/www/app/index.html", mistake="beside"
    )
    assert "+        root /var/www;" in corrected(BELOW, "/app/", access)


def test_fires_and_writes_the_name_with_its_letters() -> None:
    for path, wrong, right in (
        ("/var/www/shoop/index.html", "root /var/www/shoop;", "root /var/www/shop;"),
        ("/var/www/shop/indexx.html", "/indexx.html;", "/index.html;"),
    ):
        text = SPA.replace(right, wrong)
        folder = path.rpartition("/")[0]
        access = examined(path, elsewhere="/var/www/shop/index.html", mistake="letter")
        target = replace(SHOP, path="/cart")
        uri = path.removeprefix(folder)
        line = logged(CYCLE.replace("/index.html", uri), path="/cart")
        failed, access = replace(page(500), url=target.url), replace(access, url=target.url)
        seen = (RUNNING, config(text), LOG_READ, line, failed, access)
        (claim,) = judge("nginx.redirect-cycle", *seen, target=target)
        assert claim.fix
        diff = next(step.diff for step in claim.fix.steps if isinstance(step, Edit))
        assert right in diff


SCRIPTS = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /var/www/shop;
    index index.php;
    location / {
        try_files $uri $uri/ @app;
    }
    location ~ \\.php$ {
        fastcgi_pass unix:/run/php.sock;
        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
    }
    location @app {
        rewrite ^(.+)$ /index.php/$1 last;
    }
}
"""
NAMED = 'rewrite or internal redirection cycle while redirect to named location "@app"'


def test_fires_where_a_path_behind_the_script_comes_back() -> None:
    observations = (RUNNING, LOG_READ, logged(NAMED), page(500))
    (claim,) = judge("nginx.redirect-cycle", *observations, config(SCRIPTS), masked=False)
    assert claim.facts["cycling"] == "/index.php"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    location ~ \\.php(/|$) {" in edit.diff
    for other in ("/index.php?$1 last", "/other$1 last"):
        site = SCRIPTS.replace("/index.php/$1 last", other)
        (claim,) = judge("nginx.redirect-cycle", *observations, config(site), masked=False)
        assert not claim.facts["cycling"]


def test_fires_where_try_files_leads_behind_the_script() -> None:
    text = 'rewrite or internal redirection cycle while internally redirecting to "/index.php/docs"'
    site = SCRIPTS.replace("@app;", "/index.php$uri;")
    (claim,) = judge(
        "nginx.redirect-cycle", RUNNING, LOG_READ, logged(text), page(500), config(site)
    )
    assert claim.facts["cycling"] == "/index.php"


FRONT = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /var/www/shop;
    location / {
        try_files $uri /app.php$is_args$args;
    }
    location ~ \\.php$ {
        try_files $uri /app.php$is_args$args;
        fastcgi_pass 127.0.0.1:9000;
    }
}
"""


def _front_fix(text: str) -> Fix:
    access = examined("/var/www/shop/app.php", elsewhere="/var/www/shop/index.php", mistake="front")
    failed, access = replace(page(500), url=SHOP.url), replace(access, url=SHOP.url)
    line = logged(CYCLE.replace("/index.html", "/app.php"))
    seen = (RUNNING, config(text), LOG_READ, line, failed, access)
    (claim,) = judge("nginx.redirect-cycle", *seen, target=SHOP, masked=False)
    assert claim.facts["front"] == "index.php"
    assert claim.fix
    return claim.fix


def test_fires_and_names_the_script_that_the_folder_has() -> None:
    (edit,) = _front_fix(FRONT).edits
    assert edit.diff.count("+        try_files $uri /index.php$is_args$args;") == 2
    for text in (
        # Nobody would run it: visitors would get its source.
        FRONT.replace("fastcgi_pass 127.0.0.1:9000;", ""),
        FRONT.replace("try_files $uri /app", 'try_files "/a b" /app'),
    ):
        assert _front_fix(text).applicability is Applicability.MANUAL


def test_fires_and_answers_404_where_try_files_leads_to_the_path_itself() -> None:
    text = CYCLE.replace("/index.html", "/foo//////////")
    line, at = (
        logged(text, path="/foo"),
        replace(page(500), url="https://shop.example.com/foo"),
    )
    for words in ("$uri $uri/", '"/a b.html" $uri'):
        site = SPA.replace("$uri $uri/ /index.html", words)
        observations = (RUNNING, config(site), LOG_READ, line, at)
        (claim,) = judge("nginx.redirect-cycle", *observations, target=replace(SHOP, path="/foo"))
        assert claim.fix
        edit = claim.fix.steps[0]
        assert isinstance(edit, Edit)
        assert f"+        try_files {words} =404;" in edit.diff
