"""The setting in which a framework that refuses a host name wants it, told by its own words.

Sources: docs.djangoproject.com (ALLOWED_HOSTS), guides.rubyonrails.org (config.hosts), vite.dev
(server.allowedHosts, preview.allowedHosts), webpack.js.org (devServer.allowedHosts),
symfony.com (framework.trusted_hosts), docs.nextcloud.com (trusted_domains), drupal.org
(trusted_host_patterns), docs.typo3.org (trustedHostsPattern), gethomepage.dev
(HOMEPAGE_ALLOWED_HOSTS), jupyter-server (ServerApp.local_hostnames), the words of each program.
"""

import re

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern


@frozen
class HostSetting:
    """Where a program has the names that it answers for: its own name, the file (or what stands in
    its place), and the line with the host."""

    program: str
    file: str
    line: str


#: Words of a refusal, the program, its file and the line: "%s" is the host, "%r" the host as a
#: regular expression.
_SETTINGS = (
    (r"preview\.allowedHosts", "Vite", "vite.config.js", 'preview: { allowedHosts: ["%s"] }'),
    (r"Blocked request\. This host", "Vite", "vite.config.js", 'server: { allowedHosts: ["%s"] }'),
    (r"invalid http_host|disallowedhost|<h1>Bad Request \(400\)</h1>", "Django", "settings.py",
     'ALLOWED_HOSTS = ["%s"]'),
    (r"blocked hosts?\b", "Rails", "config/environments/$RAILS_ENV.rb", 'config.hosts << "%s"'),
    (r"^\s*invalid host header", "webpack", "webpack.config.js",
     'devServer: { allowedHosts: ["%s"] }'),
    (r"untrusted domain\b|\u4e0d\u88ab\u4fe1\u4efb\u7684\u57df\u540d"
     r"|\u4e0d\u53d7\u4fe1\u4efb\u7684\u57df\u540d", "Nextcloud", "config/config.php",
     "'trusted_domains' => ['%s'],"),
    (r"untrusted host\b", "Symfony", "config/packages/framework.yaml",
     "framework: { trusted_hosts: ['^%r$'] }"),
    (r"provided host name is not valid for this server", "Drupal", "settings.php",
     "$settings['trusted_host_patterns'] = ['^%r$'];"),
    (r"trustedHostsPattern", "TYPO3", "config/system/additional.php",
     "$GLOBALS['TYPO3_CONF_VARS']['SYS']['trustedHostsPattern'] = '%r';"),
    (r"non-local 'Host'", "Jupyter", "jupyter_server_config.py",
     'c.ServerApp.local_hostnames = ["localhost", "%s"]'),
    (r"host validation failed", "Homepage", "compose.yaml", "HOMEPAGE_ALLOWED_HOSTS: %s"),
)  # fmt: skip
_PATTERNS = tuple(
    (lazy_pattern(words, re.IGNORECASE), program, file, line)
    for words, program, file, line in _SETTINGS
)


def host_setting(body: str, host: str) -> HostSetting | None:
    """Return the setting that lacks a host, told by the words of a refusal; None if they are no
    program's own."""
    expression = re.sub(r"[^\w-]", r"\\\g<0>", host)
    for pattern, program, file, line in _PATTERNS:
        if pattern.search(body[:2048]):
            text = line.replace("%s", host).replace("%r", expression)
            return HostSetting(program, file, text)
    return None
