"""PHP's messages as php-fpm 8.4 wrote them into nginx's log and into its pages."""

import pytest

from diagnose.parsers.php_failures import logged_failure, php_version, shown_failure

HEAD = 'FastCGI sent in stderr: "PHP message: PHP Fatal error:  '
END = '" while reading response header from upstream'
AT = " in /srv/blog/index.php:1\nStack trace:\n#0 {main}\n  thrown in /srv/blog/index.php on line 1"
ON = " in /srv/blog/index.php on line 1"


@pytest.mark.parametrize(
    ("words", "kind", "name", "packages"),
    [
        ("Uncaught Error: Call to undefined function mysqli_connect()" + AT, "extension",
         "mysqli_connect", ("mysql",)),
        ("Uncaught Error: Call to undefined function App\\mb_strlen()" + AT, "extension",
         "mb_strlen", ("mbstring",)),
        ('Uncaught Error: Class "ZipArchive" not found' + AT, "extension", "ZipArchive", ("zip",)),
        ("Uncaught Error: Class 'DOMDocument' not found" + AT, "extension", "DOMDocument",
         ("xml",)),
        ("Uncaught PDOException: could not find driver (Connection: mysql, SQL: select 1)" + AT,
         "extension", "pdo_mysql", ("mysql",)),
        ("Uncaught PDOException: could not find driver" + AT, "driver", "", ()),
        ("Uncaught Error: Call to undefined function mysql_connect()" + AT, "removed",
         "mysql_connect", ()),
        ("Composer detected issues in your platform: Your Composer dependencies require a PHP "
         'version ">= 8.3.0". You are running 8.2.12.' + ON, "version", ">= 8.3.0", ()),
        ("Composer detected issues in your platform: Your Composer dependencies require the "
         "following PHP extensions to be installed: dom, intl" + ON, "extension", "dom, intl",
         ("xml", "intl")),
    ],
)  # fmt: skip
def test_names_what_is_missing(words: str, kind: str, name: str, packages: tuple[str, ...]) -> None:
    found = logged_failure(HEAD + words + END)
    assert found is not None
    assert (found.kind, found.name, found.packages) == (kind, name, packages)
    assert "Stack trace" not in found.words
    assert (found.script, found.line) == ("/srv/blog/index.php", "1")


def test_limits_syntax_and_packages() -> None:
    memory = logged_failure(
        f"{HEAD}Allowed memory size of 16777216 bytes exhausted (tried to allocate 4096 bytes)"
        f"{ON}{END}"
    )
    assert memory is not None
    assert (memory.kind, memory.amount) == ("memory", 16 << 20)
    time = logged_failure(f"{HEAD}Maximum execution time of 30 seconds exceeded{ON}{END}")
    assert time is not None
    assert (time.kind, time.amount) == ("time", 30)
    slip = logged_failure(
        f'FastCGI sent in stderr: "PHP message: PHP Parse error:  syntax error, unexpected token '
        f'"echo", expecting "," or ";" in /srv/blog/a.php on line 4{END}'
    )
    assert slip is not None
    assert (slip.kind, slip.script, slip.line) == ("syntax", "/srv/blog/a.php", "4")
    required = logged_failure(
        'FastCGI sent in stderr: "PHP message: PHP Warning:  require(/srv/blog/vendor/autoload.php)'
        f": Failed to open stream: No such file or directory{ON}; PHP message: PHP Fatal error:  "
        "Uncaught Error: Failed opening required '/srv/blog/vendor/autoload.php' (include_path='.')"
        f"{AT}{END}"
    )
    assert required is not None
    assert (required.kind, required.folder) == ("packages", "/srv/blog")


@pytest.mark.parametrize(
    "words",
    [
        'Uncaught Error: Class "App\\ZipArchive" not found',
        'Uncaught Error: Class "Shop\\Cart" not found',
        "Uncaught Error: Call to undefined function shop_cart()",
        "Uncaught Error: Call to undefined function bcrypt_hash()",
        "Uncaught Exception: no stock",
    ],
)
def test_nothing_of_the_programs_own(words: str) -> None:
    assert logged_failure(HEAD + words + AT + END) is None


def test_a_page_that_ends_with_the_message() -> None:
    said = (
        "<br />\n<b>Fatal error</b>:  Uncaught Error: Call to undefined function curl_init() in "
        "/srv/blog/a.php:3\nStack trace:\n#0 {main}\n  thrown in <b>/srv/blog/a.php</b> on line "
        "<b>3</b><br />\n"
    )
    found = shown_failure(f"<!doctype html><h1>Shop</h1>{said}")
    assert found is not None
    assert (found.kind, found.extensions, found.script) == (
        "extension",
        ("curl",),
        "/srv/blog/a.php",
    )
    assert shown_failure(f"{said}<p>So says PHP.</p>") is None
    shown = said.replace("<", "&lt;")
    assert shown_failure(f"<pre>{shown}</pre>") is None
    wordpress = (
        "<p>Your PHP installation appears to be missing the MySQL extension which is required by "
        "WordPress.</p>"
    )
    told = shown_failure(wordpress)
    assert told is not None
    assert told.packages == ("mysql",)


def test_packages_that_php_may_not_open_are_not_missing() -> None:
    file = "/srv/blog/public/../vendor/autoload.php"
    closed = f"open_basedir restriction in effect. File({file}) is not within the allowed path(s)"
    line = (
        f'FastCGI sent in stderr: "PHP message: PHP Warning:  require(): WORDS: (/srv/blog/public/)'
        f"{ON}; PHP message: PHP Fatal error:  Uncaught Error: Failed opening required '{file}' "
        f"(include_path='.'){AT}{END}"
    )
    assert logged_failure(line.replace("WORDS", closed)) is None
    assert logged_failure(line.replace("WORDS", closed.replace("vendor", "lang"))) is not None
    shown = (
        f"<br />\n<b>Warning</b>:  require(): WORDS in <b>/srv/blog/a.php</b> on line <b>3</b>"
        f"<br />\n<br />\n<b>Fatal error</b>:  require(): Failed opening required '{file}' "
        "(include_path='.') in <b>/srv/blog/a.php</b> on line <b>3</b><br />\n"
    )
    assert shown_failure(shown.replace("WORDS", closed)) is None
    assert shown_failure(shown.replace("WORDS", "Failed to open stream")) is not None


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("fastcgi://unix:/run/php/php8.4-fpm.sock:", "8.4"), ("php-fpm8.2", "8.2"),
        ("/etc/php/8.1/fpm/php.ini", "8.1"), ("fastcgi://127.0.0.1:9000", ""),
        ("unix:/run/php-fpm/www.sock", ""),
    ],
)  # fmt: skip
def test_version_in_a_path(path: str, version: str) -> None:
    assert php_version(path) == version
