from dataclasses import replace

from diagnose.model import Edit
from diagnose.model.logs import ServerRequestError
from diagnose.model.web_servers import ServerFile
from tests.support.check_evidence import judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.apache-rewrite-recursion"
RECURSION = ServerRequestError(
    product="apache",
    log="/var/log/apache2/error.log",
    reason="recursion",
    message="AH00124: Request exceeded the limit of 10 internal redirects",
)


def test_fires_for_the_line_of_this_request() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), RECURSION, replace(ANSWER, status=500))
    assert claim.facts["log"] == "/var/log/apache2/error.log"


def test_fires_and_writes_the_condition_that_ends_the_circle() -> None:
    """Issue 2 of fedecarg/apify-library."""
    text = "RewriteEngine On\n  RewriteRule !.(js|css)$ /index.php\n"
    error = replace(RECURSION, rules=ServerFile("/srv/shop/.htaccess", text))
    (claim,) = judge(CHECK, APACHE, apache_config(), error, replace(ANSWER, status=500))
    assert claim.facts["rule"] == "RewriteRule !.(js|css)$ /index.php"
    assert claim.fix
    (edit,) = claim.fix.steps
    assert isinstance(edit, Edit)
    assert r"+  RewriteCond %{REQUEST_URI} !^/index\.php$" in edit.diff


def test_silent_when_a_page_came() -> None:
    assert not judge(CHECK, APACHE, apache_config(), RECURSION, ANSWER)


def test_writes_the_base_of_the_sites_own_folder() -> None:
    text = "RewriteEngine On\nRewriteBase /shop/\nRewriteRule ^ index.php [L]\n"
    config = apache_config(
        HTTPS.replace("    SSLEngine", "    DocumentRoot /var/www/shop\n    SSLEngine", 1)
    )
    file = "/var/www/shop/.htaccess"
    error = replace(RECURSION, rules=ServerFile(file, text))
    (claim,) = judge(CHECK, APACHE, config, error, replace(ANSWER, status=500), masked=False)
    assert claim.facts["base"] == "/shop/"
    assert claim.fix
    (edit,) = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "+RewriteBase /\n" in edit.diff
    right = replace(error, rules=ServerFile(file, text.replace("/shop/", "/")))
    (other,) = judge(CHECK, APACHE, config, right, replace(ANSWER, status=500), masked=False)
    assert not other.facts["base"]


def test_a_fallback_that_is_not_there_is_named_with_the_page_at_the_root() -> None:
    message = "AH00125: Request exceeded the limit of 10 subrequest nesting levels"
    error, page = replace(RECURSION, message=message), replace(ANSWER, status=500)
    line = "    FallbackResource /public/index.php\n"
    config = apache_config(HTTPS.replace("    SSLEngine", f"{line}    SSLEngine", 1))
    (claim,) = judge(CHECK, APACHE, config, error, page)
    assert claim.facts["fallback"] == "/public/index.php"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    FallbackResource /index.php" in edit.diff
    (other,) = judge(CHECK, APACHE, config, RECURSION, page)
    assert not other.facts["fallback"], "the rules of mod_rewrite"


def test_writes_the_base_and_the_substitution_of_a_folder_that_is_left_over() -> None:
    condition = "RewriteCond %{REQUEST_FILENAME} !-f\n"
    text = f"RewriteEngine On\nRewriteBase /blog/\n{condition}RewriteRule . /blog/index.php [L]\n"
    config = apache_config(
        HTTPS.replace("    SSLEngine", "    DocumentRoot /var/www/shop\n    SSLEngine", 1)
    )
    error = replace(RECURSION, rules=ServerFile("/var/www/shop/.htaccess", text))
    (claim,) = judge(CHECK, APACHE, config, error, replace(ANSWER, status=500), masked=False)
    assert claim.fix
    (edit,) = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "+RewriteBase /\n" in edit.diff
    assert "+RewriteRule . /index.php [L]" in edit.diff
