from dataclasses import replace

import pytest

from diagnose.parsers.apache.error_log import (
    RequestError,
    last_request_error,
    other_request_error,
    password_file_error,
    start_error,
    workers_error,
)
from diagnose.parsers.apache.requested_site import RequestedSite

NOW = "2026-11-26 08:07:20"
REQUESTED = RequestedSite({"/", "/ws"}, {"/var/www/shop"}, {"127.0.0.1:3000"})
HANDLER = (
    "[Thu Nov 26 08:07:18.014931 2026] [proxy:warn] [pid 190:tid 207] [client 198.51.100.10:35808]"
    " AH01144: No protocol handler was valid for the URL / (scheme 'http'). If you are using a DSO"
)
TLS = (
    "[Thu Nov 26 08:07:19.346690 2026] [core:error] [pid 337:tid 366] [remote 127.0.0.1:3000]"
    " AH01961:  failed to enable ssl support [Hint: if using mod_ssl, see SSLProxyEngine]\n"
    "[Thu Nov 26 08:07:19.346708 2026] [proxy:error] [pid 337:tid 366] AH00961: https: failed to"
    " enable ssl support for 127.0.0.1:3000 (127.0.0.1)"
)
SEARCH = (
    "[Thu Nov 26 08:07:19.276750 2026] [core:error] [pid 487:tid 494] (13)Permission denied:"
    " [client 198.51.100.10:37910] AH00035: access to / denied (filesystem path '/home/joe/site')"
    " because search permissions are missing on a component of the path"
)
READ = (
    "[Thu Nov 26 08:07:19 2026] [core:error] [pid 1] (13)Permission denied: [client ::1:5]"
    " AH00132: file permissions deny server access: /var/www/shop/index.html"
)
HTACCESS = (
    "[Thu Nov 26 08:07:19.004697 2026] [core:alert] [pid 635:tid 639] [client 198.51.100.10:38110]"
    " /var/www/shop/.htaccess: Invalid command 'ExpiresActive', perhaps misspelled"
)


FOLDER = SEARCH.replace("to / denied", "to /dvwa/index.php denied").replace(
    "/home/joe/site", "/var/www/shop/dvwa"
)


def test_the_index_files_of_a_folder_stand_for_it() -> None:
    """A request for a folder writes a line for each index file, and none for the folder."""
    requested = replace(REQUESTED, paths={"/dvwa/"})
    error = last_request_error(FOLDER, NOW, 10, requested)
    assert error
    assert (error.reason, error.file) == ("permission", "/var/www/shop/dvwa")
    assert last_request_error(FOLDER, NOW, 10, REQUESTED) is None
    other = FOLDER.replace("index.php", "style.css")
    assert last_request_error(other, NOW, 10, requested) is None


@pytest.mark.parametrize(
    ("line", "reason", "scheme", "file"),
    [
        (HANDLER, "handler", "http", ""),
        (TLS, "backend-tls", "", ""),
        (SEARCH, "permission", "", "/home/joe/site"),
        (READ, "permission", "", "/var/www/shop/index.html"),
        (HTACCESS, "htaccess", "", "/var/www/shop/.htaccess"),
        (HTACCESS.replace("/shop/.", "/."), "htaccess", "", "/var/www/.htaccess"),
    ],
)
def test_the_reasons(line: str, reason: str, scheme: str, file: str) -> None:
    error = last_request_error(f"noise\n{line}\n", NOW, 10, REQUESTED)
    assert error
    assert (error.reason, error.scheme, error.file) == (reason, scheme, file)
    assert error.message
    assert "[client" not in error.message


@pytest.mark.parametrize(
    ("path", "url", "visitors", "is_ours"),
    [
        ("/", "/index.php", set(), True),
        ("/blog/", "/blog/index.php", set(), True),
        ("/users", "/index.php", {"198.51.100.10"}, True),
        ("/users", "/index.php", {"198.51.100.20"}, False),
        ("/users", "/api", {"198.51.100.10"}, False),
        ("/", "/blog/index.php", set(), False),
    ],
)
def test_the_index_and_the_script_to_which_apache_leads_a_request(
    path: str, url: str, visitors: set[str], is_ours: bool
) -> None:
    """Issue 495 of webmin: AH01144 names /index.php, and / was requested."""
    line = HANDLER.replace("URL / ", f"URL {url} ")
    requested = replace(REQUESTED, paths={path}, visitors=visitors)
    assert (last_request_error(line, NOW, 10, requested) is not None) is is_ours


@pytest.mark.parametrize(
    "line",
    [
        HANDLER.replace("URL / ", "URL /other "),
        HANDLER.replace("08:07:18", "08:05:18"),
        HANDLER.replace("08:07:18", "08:09:18"),
        HANDLER.replace("Nov 26", "Foo 26"),
        HANDLER.replace("Nov 26", "Nov 99"),
        TLS.replace(":3000", ":4000"),
        SEARCH.replace("access to / ", "access to /private "),
        READ.replace("/shop/", "/another/"),
        HTACCESS.replace("/shop/.", "/another/."),
        SEARCH.replace("AH00035: access", "AH01630: client denied by server configuration: access"),
        "",
    ],
)
def test_other_lines_are_about_something_else(line: str) -> None:
    assert last_request_error(line, NOW, 10, REQUESTED) is None


def test_the_newest_counts_and_any_text_is_read_in_time() -> None:
    error = last_request_error(f"{HANDLER}\n{HTACCESS}", NOW, 10, REQUESTED)
    assert error == RequestError(
        "htaccess",
        "Invalid command 'ExpiresActive', perhaps misspelled",
        file="/var/www/shop/.htaccess",
    )
    hostile = "[Thu Nov 26 08:07:18 2026] " + "[a] " * 20000 + "\n" + "[" * 100000
    assert last_request_error(hostile, NOW, 10, REQUESTED) is None
    assert last_request_error(HANDLER, "no date", 10, REQUESTED) is None


HEAD = "[Thu Nov 26 08:07:19.1 2026] [proxy:error] [pid 1:tid 2] "
CLIENT = "[client 198.51.100.10:35808] "
DENIED = f"{HEAD}{CLIENT}AH01630: client denied by server configuration: /var/www/shop/"
RECURSION = f"{HEAD}{CLIENT}AH00124: Request exceeded the limit of 10 internal redirects due to"
SOCKET = (
    f"{HEAD}(2)No such file or directory: AH02454: FCGI: attempt to connect to Unix domain socket "
    "/run/php/php8.2-fpm.sock (localhost:8000) failed"
)
SELINUX = (
    f"{HEAD}(13)Permission denied: AH00957: http: attempt to connect to 127.0.0.1:3000 (127.0.0.1)"
    " failed"
)
NAME = (
    f"{HEAD}(EAI 2)Name or service not known: {CLIENT}AH00898: DNS lookup failure for: "
    "127.0.0.1:3000login returned by /ws"
)
TIMEOUT = (
    f"{HEAD}(70007)The timeout specified has expired: {CLIENT}AH01102: error reading status line "
    "from remote server 127.0.0.1:3000"
)
PHP = RequestedSite({"/ws"}, {"/var/www/shop"}, {"127.0.0.1:3000"}, {"/run/php/php8.2-fpm.sock"})


@pytest.mark.parametrize(
    ("line", "reason", "errno"),
    [
        (DENIED, "denied", 0),
        (RECURSION, "recursion", 0),
        (SOCKET, "socket", 2),
        (SELINUX, "selinux", 13),
        (NAME, "backend-name", 0),
        (TIMEOUT, "timeout", 70007),
    ],
)
def test_the_reasons_of_connections(line: str, reason: str, errno: int) -> None:
    error = last_request_error(line, NOW, 10, PHP)
    assert error
    assert (error.reason, error.errno) == (reason, errno)


@pytest.mark.parametrize(
    "line",
    [
        DENIED.replace("/shop/", "/other/"),
        SOCKET.replace("8.2", "8.4"),
        SELINUX.replace("(13)Permission denied", "(111)Connection refused"),
        NAME.replace("by /ws", "by /other"),
        TIMEOUT.replace("server 127", "server 10"),
    ],
)
def test_lines_of_other_connections_are_left_out(line: str) -> None:
    assert last_request_error(line, NOW, 10, PHP) is None


def test_a_script_outside_the_sites_folders_is_refused_to_this_run() -> None:
    line = f"{HEAD}{CLIENT}AH01630: client denied by server configuration: /home/get5/get5.wsgi"
    own = replace(PHP, visitors=("198.51.100.10",))
    error = last_request_error(f"{line}, referer: http://shop.example.com", NOW, 10, own)
    assert error
    assert (error.reason, error.file) == ("denied", "/home/get5/get5.wsgi")
    assert last_request_error(line, NOW, 10, PHP) is None
    picture = line.replace("get5.wsgi", "logo.png")
    assert last_request_error(picture, NOW, 10, own) is None


def test_the_line_of_busy_workers_may_be_old() -> None:
    line = f"{HEAD}AH00484: server reached MaxRequestWorkers setting, consider raising the setting"
    assert workers_error(line, NOW, 10).startswith("AH00484")
    assert not workers_error(line, "2026-11-26 09:00:00", 10)
    assert not workers_error(RECURSION, NOW, 10)


FIREWALL = (
    "[Thu Nov 26 08:07:18.1 2026] [security2:error] [pid 1:tid 2] [client 192.0.2.7:50000]"
    " [client 192.0.2.7] ModSecurity: Access denied with code 403 (phase 2). Operator GE matched 5"
    ' at TX:anomaly_score. [file "/etc/modsecurity/949.conf"] [line "91"] [id "949110"]'
    ' [msg "Inbound Anomaly Score Exceeded (Total Score: 5)"] [severity "CRITICAL"]'
    ' [hostname "shop.example.com"] [uri "/api/v4/users"] [unique_id "x"]\n'
)
LINK = (
    "[Thu Nov 26 08:07:18 2026] [core:error] [pid 1] [client 192.0.2.7:5] AH00037: Symbolic link"
    " not allowed or link target not accessible: /srv/shop/a.html\n"
)


def test_a_rule_of_a_web_application_firewall() -> None:
    mine = RequestedSite(["/api/v4/users"], [], [])
    error = other_request_error(FIREWALL, NOW, 5, mine)
    assert error
    assert (error.reason, error.rule, error.file) == (
        "firewall",
        "949110",
        "/etc/modsecurity/949.conf",
    )
    assert error.message == "Inbound Anomaly Score Exceeded (Total Score: 5)"
    assert other_request_error(FIREWALL, NOW, 5, RequestedSite(["/"], [], [])) is None
    assert other_request_error(FIREWALL, "2026-11-26 09:00:00", 5, mine) is None


def test_any_other_message_about_the_file() -> None:
    mine = RequestedSite(["/a.html"], ["/srv/shop"], [])
    error = other_request_error(LINK, NOW, 5, mine)
    assert error
    assert (error.reason, error.code) == ("logged", "AH00037")
    other = RequestedSite(["/b.html"], ["/srv/shop"], [])
    assert other_request_error(LINK, NOW, 5, other) is None
    below = RequestedSite(["/a.html/media/logo.png"], ["/srv/shop"], [])
    assert other_request_error(LINK, NOW, 5, below), "the link is a folder on the way"
    beside = RequestedSite(["/a.htm/logo.png"], ["/srv/shop"], [])
    assert other_request_error(LINK, NOW, 5, beside) is None
    denied = LINK.replace("AH00037", "AH01630")
    assert other_request_error(denied, NOW, 5, mine) is None, "a check of its own"


SCRIPT = (
    "[Thu Nov 26 08:07:18.0 2026] [cgid:error] [pid 1:tid 2] [client 198.51.100.10:35808]"
    " End of script output before headers: hello.cgi"
)
OWN_LINK = SCRIPT.replace(
    "End of script output before headers: hello.cgi",
    "AH00032: Symbolic link not allowed or link target not accessible: /var/www/shop/index.html",
)


def test_a_script_that_is_named_by_its_name_alone() -> None:
    requested = RequestedSite({"/cgi-bin/hello.cgi"}, {"/var/www/shop"}, set())
    error = other_request_error(SCRIPT, NOW, 10, requested)
    assert error
    assert error.message == "End of script output before headers: hello.cgi"
    other = RequestedSite({"/cgi-bin/other.cgi"}, {"/var/www/shop"}, set())
    assert other_request_error(SCRIPT, NOW, 10, other) is None


def test_what_a_script_wrote_before_it_ended() -> None:
    def said(words: str, name: str = "hello.cgi", second: str = "18.2") -> str:
        words = f"AH01215: stderr from /srv/cgi/{name}: {words}"
        return SCRIPT.replace("End of script output before headers: hello.cgi", words).replace(
            "18.0", second
        )

    lines = [
        said("of an earlier request", second="15.1"),
        said("Can't locate Foo/Bar.pm in @INC", second="18.1"),
        said("BEGIN failed--compilation aborted"),
        said("nothing", "other.cgi"),
        SCRIPT,
    ]
    requested = RequestedSite({"/cgi-bin/hello.cgi"}, {"/var/www/shop"}, set())
    error = other_request_error("\n".join(lines), NOW, 10, requested)
    assert error
    assert error.message.endswith("hello.cgi: Can't locate Foo/Bar.pm in @INC")


def test_the_index_file_of_the_requested_folder() -> None:
    error = other_request_error(OWN_LINK, NOW, 10, REQUESTED)
    assert error
    assert error.code == "AH00032"
    deeper = OWN_LINK.replace("/index.html", "/private/index.html")
    assert other_request_error(deeper, NOW, 10, REQUESTED) is None


def test_php_that_finds_no_script_for_this_runs_own_request() -> None:
    line = SCRIPT.replace("End of script output before headers: hello.cgi",
                          "AH01071: Got error 'Primary script unknown'")  # fmt: skip
    mine = RequestedSite({"/index.php"}, {"/var/www/shop"}, set(), visitors={"198.51.100.10"})
    error = other_request_error(line, NOW, 10, mine)
    assert error
    assert error.code == "AH01071"
    other = RequestedSite({"/index.php"}, {"/var/www/shop"}, set(), visitors={"198.51.100.11"})
    assert other_request_error(line, NOW, 10, other) is None


def test_the_port_to_which_no_connection_was_made() -> None:
    tried = (
        "[Thu Nov 26 08:07:19.630789 2026] [proxy:error] [pid 11821:tid 139] (111)Connection"
        " refused: AH00957: FCGI: attempt to connect to 127.0.0.1:9000 (127.0.0.1:9000) failed"
    )
    request = (
        "[Thu Nov 26 08:07:19.630814 2026] [proxy_fcgi:error] [pid 11821:tid 139]"
        " [client 198.51.100.10:51466] AH01079: failed to make connection to backend: 127.0.0.1"
    )
    requested = RequestedSite({"/index.php"}, (), (), visitors={"198.51.100.10"})
    error = other_request_error(f"{tried}\n{request}\n", NOW, 30, requested)
    assert error
    assert (error.code, error.errno, error.backend) == ("AH00957", 111, "127.0.0.1:9000")
    assert error.message.startswith("(111)Connection refused: AH00957")
    timeout = request.replace("[client", "(70007)The timeout specified has expired: [client")
    timeout = timeout.replace("AH01079: failed to make", "AH01075: Error dispatching to make")
    slow = other_request_error(timeout, NOW, 30, requested)
    assert slow
    assert slow.message.startswith("(70007)The timeout specified has expired: AH01075: Error")
    alone = other_request_error(request, NOW, 30, requested)
    assert alone
    assert alone.code == "AH01079"


STARTED = (
    "[Thu Nov 26 08:07:17.014931 2026] [mpm_event:notice] [pid 190:tid 207] AH00489: Apache/2.4.65"
    " (Debian) OpenSSL/3.5.4 configured -- resuming normal operations\n"
)
FAILED = (
    "[Thu Nov 26 08:07:18.014931 2026] [ssl:emerg] [pid 190:tid 207] AH02572: Failed to configure"
    " at least one certificate and key for shop.example.com:443\n"
    "[Thu Nov 26 08:07:18.014 2026] [ssl:emerg] [pid 190:tid 207] SSL Library Error: error:0A\n"
    "[Thu Nov 26 08:07:18.014 2026] [ssl:emerg] [pid 190:tid 207] AH02312: Fatal error initialising"
    " mod_ssl, exiting.\n"
    "[Thu Nov 26 08:07:18.015 2026] [:emerg] [pid 190:tid 207] AH00020: Configuration Failed\n"
)


def test_why_the_last_start_failed() -> None:
    assert start_error(STARTED + FAILED).startswith("AH02572: Failed to configure")
    assert start_error(FAILED + STARTED) == ""
    assert start_error(STARTED) == ""
    assert start_error("") == ""


def test_a_certificate_that_is_refused_has_openssls_reason() -> None:
    head = "[Sat Nov 28 12:03:37.5 2026] [ssl:emerg] [pid 180:tid 180] "
    lines = (
        "AH02562: Failed to configure certificate shop:443:0 (with chain), check /etc/shop.pem",
        "SSL Library Error: error:04800066:PEM routines::bad end line",
        "SSL Library Error: error:0A080009:SSL routines::PEM lib",
    )
    text = "".join(f"{head}{line}\n" for line in lines)
    assert start_error(text) == f"{lines[0]} (bad end line)"
    old = f"{head}{lines[0]}\n{head}SSL Library Error: error:140AB18F:SSL routines:SSL_CTX_use:"
    assert start_error(f"{old}ee key too small\n").endswith("(ee key too small)")


def test_why_a_script_did_not_run() -> None:
    failed = (
        "[Thu Nov 26 08:07:19.6 2026] [cgid:error] [pid 11:tid 13] (13)Permission denied: AH01241:"
        " exec of '/srv/cgi/x.cgi' failed\n"
    )
    ended = (
        "[Thu Nov 26 08:07:19.7 2026] [cgid:error] [pid 12:tid 14] [client 198.51.100.10:51466]"
        " End of script output before headers: x.cgi\n"
    )
    requested = RequestedSite({"/cgi-bin/x.cgi"}, (), (), visitors={"198.51.100.10"})
    error = other_request_error(failed + ended, NOW, 30, requested)
    assert error
    assert error.message == ("(13)Permission denied: AH01241: exec of '/srv/cgi/x.cgi' failed")
    alone = other_request_error(ended, NOW, 30, requested)
    assert alone
    assert alone.message.startswith("End of script output")


def test_a_rule_that_is_forbidden_names_the_path_as_far_as_there_are_folders() -> None:
    line = (
        "[Thu Nov 26 08:07:19.7 2026] [rewrite:error] [pid 12:tid 14] [client 198.51.100.10:51466]"
        " AH00670: Options FollowSymLinks and SymLinksIfOwnerMatch are both off, so the RewriteRule"
        " directive is also forbidden due to its similar ability to circumvent directory"
        " restrictions : /var/www/shop/2026\n"
    )
    visitors = {"198.51.100.10"}
    requested = RequestedSite({"/2026/hello-world/"}, ("/var/www/shop",), (), visitors=visitors)
    error = other_request_error(line, NOW, 30, requested)
    assert error
    assert error.code == "AH00670"
    assert other_request_error(line, NOW, 30, replace(requested, visitors=set())) is None


def test_a_rule_with_p_without_a_proxy() -> None:
    line = (
        "[Thu Nov 26 08:07:19.7 2026] [rewrite:error] [pid 12:tid 14] [client 198.51.100.10:51466]"
        " AH00669: attempt to make remote request from mod_rewrite without proxy enabled:"
        " proxy:http://127.0.0.1:3000/\n"
    )
    requested = RequestedSite({"/"}, (), (), visitors={"198.51.100.10"})
    error = other_request_error(line, NOW, 30, requested)
    assert error
    assert error.code == "AH00669"


def test_an_application_that_resets_the_connection() -> None:
    line = (
        "[Thu Nov 26 08:07:19.7 2026] [proxy_http:error] [pid 12:tid 14] (104)Connection reset by"
        " peer: [client 198.51.100.10:51466] AH01102: error reading status line from remote server"
        " 127.0.0.1:3001\n"
    )
    requested = RequestedSite({"/"}, (), {"127.0.0.1:3001"}, visitors={"198.51.100.10"})
    error = other_request_error(line, NOW, 30, requested)
    assert error
    assert error.message.startswith("(104)Connection reset by peer: AH01102")


def test_the_backend_may_be_written_with_its_name() -> None:
    line = TLS.replace("127.0.0.1:3000 (127.0.0.1)", "[::1]:3000 (localhost)")
    requested = RequestedSite({"/"}, set(), {"localhost:3000"}, set())
    error = last_request_error(line, NOW, 10, requested)
    assert error
    assert error.reason == "backend-tls"
    assert last_request_error(line, NOW, 10, REQUESTED) is None


def test_the_file_of_passwords_that_could_not_be_opened() -> None:
    text = (
        "[Sun Nov 29 05:00:00.123456 2026] [authn_file:error] [pid 1:tid 2] "
        "(2)No such file or directory: [client 198.51.100.10:4000] "
        "AH01620: Could not open password file: /etc/apache2/.htpasswd\n"
    )
    error = password_file_error(text, "2026-11-29 05:10:00", 3600)
    assert error
    assert (error.reason, error.file, error.errno) == ("password-file", "/etc/apache2/.htpasswd", 2)
    assert password_file_error(text, "2026-11-29 05:10:00", 60) is None
    assert password_file_error("nothing\n", "2026-11-29 05:10:00", 60) is None
