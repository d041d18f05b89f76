from diagnose.parsers.apache.logged_requests import (
    logged_reason,
    timed_out_request,
    timed_out_script,
)

#: Lines of Apache 2.4.62, with ErrorLogFormat's default.
WAITED = (
    "[Sat Nov 28 18:02:00.101 2026] [proxy_http:error] [pid 7:tid 9] (70007)The timeout specified "
    "has expired: [client 198.51.100.7:40112] AH01102: error reading status line from remote server"
    " 127.0.0.1:3000, referer: https://shop.example.com/\n"
)
RETURNED = (
    "[Sat Nov 28 18:02:00.102 2026] [proxy:error] [pid 7:tid 9] [client 198.51.100.7:40112] "
    "AH00898: Error reading from remote server returned by /dav/file, referer: "
    "https://shop.example.com/\n"
)
SCRIPT = WAITED.replace("proxy_http", "proxy_fcgi").replace(
    "AH01102: error reading status line from remote server 127.0.0.1:3000",
    "AH01075: Error dispatching request to : (polling)",
)
BEGAN = "[28/Nov/2026:18:01:00 +0800]"


def test_the_wait_for_a_request() -> None:
    wait = timed_out_request(WAITED + RETURNED, "/dav/file", BEGAN)
    assert wait
    assert (wait.backend, wait.waited_s, wait.names_path) == ("127.0.0.1:3000", 60.0, True)
    assert wait.message.endswith("from remote server 127.0.0.1:3000")


def test_the_first_line_after_the_request_counts() -> None:
    later = (WAITED + RETURNED).replace("18:02:00", "18:09:00")
    earlier = (WAITED + RETURNED).replace("18:02:00", "18:00:30")
    wait = timed_out_request(earlier + WAITED + RETURNED + later, "/dav/file", BEGAN)
    assert wait
    assert wait.waited_s == 60.0
    assert timed_out_request(earlier, "/dav/file", BEGAN) is None


def test_other_requests_clients_and_errors() -> None:
    assert timed_out_request(WAITED + RETURNED, "/dav", BEGAN) is None
    other = RETURNED.replace(":40112", ":40113")
    assert timed_out_request(WAITED + other, "/dav/file", BEGAN) is None
    reset = WAITED.replace("(70007)The timeout specified has expired", "(104)Connection reset")
    assert timed_out_request(reset + RETURNED, "/dav/file", BEGAN) is None
    assert timed_out_request(RETURNED, "/dav/file", BEGAN) is None


def test_a_time_in_another_format_is_not_known() -> None:
    wait = timed_out_request(WAITED + RETURNED, "/dav/file", "2026-11-28T18:01:00")
    assert wait
    assert wait.waited_s is None


def test_the_wait_for_php() -> None:
    wait = timed_out_script(SCRIPT, BEGAN)
    assert wait
    assert (wait.waited_s, wait.names_path) == (60.0, False)
    assert timed_out_script(SCRIPT, "yesterday") is None
    assert timed_out_script(WAITED + RETURNED, BEGAN) is None
    assert timed_out_script(SCRIPT.replace("18:02", "17:02"), BEGAN) is None


#: Lines of Apache 2.4 with mod_dav and ModSecurity 2.9.
SENT = "[29/Nov/2026:08:10:28 +0000]"
START = "[Sun Nov 29 08:10:29.117056 2026] [dav:error] [pid 577:tid 606] "
UNWRITTEN = (
    f"{START}[client 198.51.100.10:35336] Unable to PUT new contents for /webdav/a.txt.  "
    "[500, #0]\n"
    f"{START}(13)Permission denied: [client 198.51.100.10:35336] An error occurred while opening a "
    "resource for writing: /srv/dav/a.txt.  [500, #0]\n"
)
WARNED = (
    "[Sun Nov 29 08:10:29.365541 2026] [security2:error] [pid 7:tid 9] "
    "[client 198.51.100.10:52484] "
    'ModSecurity: Warning. detected SQLi. [file "/etc/crs/942.conf"] [line "9"] [id "942100"] '
    '[msg "SQL Injection Attack"] [hostname "shop.example.com"] [uri "/login"]\n'
)
REFUSED = (
    WARNED.replace("Warning. detected SQLi.", "Access denied with code 403 (phase 2).")
    .replace("942100", "949110")
    .replace("SQL Injection Attack", "Inbound Anomaly Score Exceeded")
)


def test_the_lines_of_the_connection_that_name_the_path() -> None:
    reason = logged_reason(UNWRITTEN, "/webdav/a.txt", SENT)
    assert reason
    assert reason.message.startswith("Unable to PUT new contents for /webdav/a.txt.")
    assert "(13)Permission denied: An error occurred" in reason.message
    assert reason.names_path
    assert not reason.rule


def test_a_line_without_a_path_counts_where_nothing_else_was_logged() -> None:
    locked = UNWRITTEN.replace("/webdav/a.txt", "it").replace("/srv/dav/a.txt", "it")
    reason = logged_reason(locked, "/webdav/a.txt", SENT)
    assert reason
    assert not reason.names_path
    other = locked.replace(":35336", ":35337")
    assert logged_reason(locked + other, "/webdav/a.txt", SENT) is None
    assert logged_reason(locked.replace("08:10:29", "08:10:39"), "/webdav/a.txt", SENT) is None
    assert logged_reason(locked.replace("error]", "info]"), "/webdav/a.txt", SENT) is None
    assert logged_reason(locked, "/webdav/a.txt", "yesterday") is None


def test_the_rule_of_a_firewall_and_the_rules_that_gave_its_points() -> None:
    alone = logged_reason(REFUSED, "/login", SENT)
    assert alone
    assert (alone.rule, alone.message) == ("949110", "Inbound Anomaly Score Exceeded")
    points = logged_reason(WARNED + REFUSED, "/login", SENT)
    assert points
    assert (points.rule, points.message) == ("942100", "SQL Injection Attack")
    assert points.file == "/etc/crs/942.conf"
