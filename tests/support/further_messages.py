"""Messages of the drivers of databases, of what starts programs, and of services that call a site;
sentences in languages that are read by phrases alone."""

from tests.support.browser_messages import Example

FURTHER_MESSAGES: dict[str, tuple[Example, ...]] = {
    "Databases, caches and queues": (
        Example("SQLSTATE[HY000] [2002] Connection refused (SQL: select * from `sessions`)",
                "outgoing", ""),
        Example("psycopg2.OperationalError: connection to server at \"db\" (172.18.0.2), port 5432 "
                "failed: Connection refused", "outgoing", ""),
        Example("ConnectionError: Error 111 connecting to redis:6379. Connection refused.",
                "outgoing", ""),
        Example("MongoServerSelectionError: connect ECONNREFUSED 127.0.0.1:27017", "outgoing", ""),
        Example("org.postgresql.util.PSQLException: Connection to localhost:5432 refused.",
                "outgoing", ""),
        Example("Lost connection to MySQL server at 'reading initial communication packet'",
                "outgoing", ""),
    ),
    "PM2, gunicorn, uvicorn, Rust": (
        Example("[PM2][ERROR] app errored, restarting too fast", "unusable", ""),
        Example("[ERROR] Connection in use: ('0.0.0.0', 8000)", "port-in-use", ""),
        Example("Web server failed to start. Port 8080 was already in use.", "port-in-use", ""),
        Example("Os { code: 98, kind: AddrInUse, message: \"Address already in use\" }",
                "port-in-use", ""),
        Example("panic: listen tcp :80: bind: permission denied", "port-permission", ""),
        Example("uvicorn.error: Invalid HTTP request received.", "tls-plain", ""),
        Example("app.service: Main process exited, code=exited, status=203/EXEC", "unusable", ""),
        Example("Readiness probe failed: Get \"http://10.42.0.17:8080/healthz\": dial tcp "
                "10.42.0.17:8080: connect: connection refused", "server-application", ""),
        Example("You're accessing the development server over HTTPS, but it only supports HTTP.",
                "tls-plain", ""),
        Example("PHP Fatal error:  Uncaught Error: Call to undefined function mb_strlen()",
                "status", "", 500),
        Example("The GET method is not supported for route login. Supported methods: POST.",
                "method", ""),
    ),
    "Tunnels, and Podman without root": (
        Example(
            "rootlessport cannot expose privileged port 443, you can add "
            "'net.ipv4.ip_unprivileged_port_start=443' to /etc/sysctl.conf",
            "port-permission", "",
        ),
        Example("shop.example.com ERR_NGROK_8012", "status"),
        Example("The page you requested was not found. Faithfully yours, frp.", "status", ""),
        Example(
            "login to the server failed: token in login doesn't match token from configuration",
            "status", "",
        ),
        Example("[web] start error: type [https] not supported when vhost https port is not set", "status", ""),
    ),
    "Services that call the site": (
        Example("We've had some trouble sending requests to https://shop.example.com/", "callback"),
        Example("Your URL didn't respond with the value of the challenge parameter. "
                "https://shop.example.com/", "callback"),
        Example("Google Search Console: Couldn't fetch the sitemap of shop.example.com",
                "some-visitors"),
    ),
    "Greek, Hebrew, Persian, Hindi, Thai": (
        Example("η ιστοσελίδα δεν ανοίγει", "unusable", ""),
        Example("תעודת ה-SSL פגה", "certificate-expired", ""),
        Example("خطای 502 در سایت", "status", "", 502),
        Example("वेबसाइट नहीं खुल रही है", "unusable", ""),
        Example("เข้าเว็บไม่ได้", "unusable", ""),
    ),
}  # fmt: skip
