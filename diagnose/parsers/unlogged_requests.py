"""Which line switches the log of requests on, where a web server's configuration has none. No I/O.

mod_log_config ("CustomLog"), Caddy ("log", the directive of a site: without it no request is
written), HAProxy's Configuration Manual ("log": a target in `global`, and `log global` in a proxy).
"""

from diagnose.model.web_servers import WebServerConfig

_LINES = {
    "apache": "CustomLog /var/log/apache2/access.log combined",
    "httpd": "CustomLog logs/access_log combined",
    "caddy": "log { output file /var/log/caddy/access.log }",
    "haproxy": "log /dev/log local0",
}


def missing_log_line(config: WebServerConfig) -> str:
    """Return the line that would write each request of a site without an access log in a file, ""
    where one stands that writes it elsewhere. HAProxy's `log global` names no target."""
    if config.product not in _LINES or not config.files:
        return ""
    if config.product == "apache":
        return _LINES["httpd" if "httpd" in config.files[0].path else "apache"]
    lines = (line.split() for file in config.files for line in file.text.split("\n"))
    targets = (words[1:2] for words in lines if words[:1] == ["log"])
    is_written = any(target != ["global"] for target in targets)
    return "" if is_written else _LINES[config.product]
