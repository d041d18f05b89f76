from diagnose.parsers.apache.logged_requests import timed_out_request, timed_out_script

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
