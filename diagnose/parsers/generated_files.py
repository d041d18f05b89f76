"""Configuration files that a program writes, and writes anew: by what they say of themselves, and
by where panels keep them. No I/O."""

import re
from typing import Literal

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.sanitize import printable

#: A panel, or another program that writes files, with a place for lines of one's own. The values
#: are keys of texts.
Panel = Literal[
    "", "plesk", "hestia", "npm", "ispconfig", "nginx-proxy", "cpanel", "directadmin", "froxlor",
    "cloudpanel", "synology", "bt-proxy", "bt-project", "1panel", "1panel-proxy", "yunohost",
    "yunohost-app", "gitlab", "runcloud", "serverpilot", "plesk-apache", "hestia-apache",
    "ispconfig-apache", "cpanel-apache"
]  # fmt: skip

#: Lines at the beginning of a file in which it says who writes it.
_HEAD = 25

# A page that makes a configuration once (nginxconfig.io, Mozilla's) does not write it anew.
_WORDS = lazy_pattern(
    r"do(?: not|n't) (?:edit|modify|change|touch)|(?:auto(?:matically)?[ -]?|was |is )generated"
    r"|generated (?:automatically|by (?!nginxconfig|https?:|mozilla))|managed by (?!certbot)"
    r"|changes? .*(?:lost|erased|overwritten)"
    r"|请勿(?:手动)?(?:修改|编辑)|不要(?:手动)?(?:修改|编辑)|自动生成",
    re.IGNORECASE,
)

#: Where panels keep the files that they write: plesk (/var/www/vhosts/system/DOMAIN/conf), HestiaCP
#: and VestaCP (/home/USER/conf/web), Nginx Proxy Manager, ISPConfig (DOMAIN.vhost), cPanel's
#: ea-nginx (conf.d/users/USER.conf) and EasyApache (conf/httpd.conf), DirectAdmin, Froxlor,
#: Synology's DSM, what the panel 宝塔 (aaPanel) includes for its reverse proxies, 1Panel's
#: OpenResty (on the server, and as its container sees them), GitLab's own nginx, RunCloud and
#: ServerPilot.
_HESTIA = r"/home/[^/]+/conf/web/(?:[^/]+/)?"
_PATHS: tuple[tuple[Panel, re.Pattern[str]], ...] = (
    (
        "plesk-apache",
        re.compile(r"/var/www/vhosts/system/[^/]+/conf/(?:httpd|vhost(?:_ssl)?)\.conf$"),
    ),
    ("plesk", re.compile(r"/var/www/vhosts/system/[^/]+/conf/|/etc/nginx/plesk\.conf\.d/")),
    # A file with a name behind ".conf_" is a person's own.
    ("hestia-apache", re.compile(rf"{_HESTIA}s?(?:apache2|httpd)(?:\.ssl)?\.conf$")),
    ("hestia", re.compile(rf"{_HESTIA}(?:[^/]{{1,80}}\.)?s?nginx(?:\.ssl)?\.conf$")),
    ("npm", re.compile(r"/data/nginx/(?:proxy|redirection|dead)_host/")),
    ("ispconfig", re.compile(r"/etc/nginx/sites-(?:available|enabled)/[^/]+\.vhost$")),
    ("ispconfig-apache", re.compile(r"/etc/apache2/sites-(?:available|enabled)/[^/]+\.vhost$")),
    ("cpanel", re.compile(r"/etc/nginx/conf\.d/users/[^/]+\.conf$")),
    ("gitlab", re.compile(r"/var/opt/gitlab/nginx/conf/")),
    ("runcloud", re.compile(r"/etc/nginx-rc/conf\.d/")),
    ("serverpilot", re.compile(r"/etc/nginx-sp/vhosts\.d/(?:[^/]+\.conf|[^/]+/main\.conf)$")),
    ("directadmin", re.compile(r"/usr/local/directadmin/data/users/[^/]+/(?:nginx|httpd)\.conf$")),
    ("froxlor", re.compile(r"/etc/(?:nginx|apache2|httpd)/(?:[^/]+/)?\d{2}_froxlor_[^/]+\.conf$")),
    ("synology", re.compile(r"/(?:[^/]+/){1,5}server\.ReverseProxy\.conf$")),
    (
        "1panel-proxy",
        re.compile(r"(?:/opt/1panel/(?:[^/]+/){0,4}|/)www/sites/[^/]+/proxy/[^/]+\.conf$"),
    ),
    ("1panel", re.compile(r"/opt/1panel/(?:[^/]+/){0,4}conf\.d/[^/]+\.conf$")),
    ("bt-proxy", re.compile(r"/www/server/panel/vhost/(?:nginx|apache)/proxy/[^/]+/[^/]+\.conf$")),
)

#: What nginx-proxy (nginx.tmpl) writes at the beginning of its file, and above the servers of an
#: upstream block; before version 1.0, above the block itself.
_NGINX_PROXY = lazy_pattern(
    r"^[ \t]{0,40}#[ \t]{1,40}Container: \S|^#[ \t]{0,40}nginx-proxy\b"
    r"|^# If we receive X-Forwarded-Proto, pass it through; otherwise"
    r"|^# ([\w.-]{1,253})\nupstream \1 \{",
    re.MULTILINE,
)
#: What CloudPanel writes into the server block of each site: the file comes from its database.
_CLOUDPANEL = lazy_pattern(r"^[ \t]{0,40}include /etc/nginx/global_settings;", re.MULTILINE)


#: Lines of templates by which a whole file is known: YunoHost's of a domain and of a program
#: (conf/nginx/server.tpl.conf, ynh_add_nginx_config), that of 宝塔 for a site of the kind "reverse
#: proxy" (mod/project/docker/proxy), and 1Panel's of a site.
_TEMPLATES: tuple[tuple[Panel, re.Pattern[str]], ...] = (
    ("nginx-proxy", _NGINX_PROXY),
    (
        "yunohost",
        lazy_pattern(
            r"^[ \t]{0,40}include /etc/nginx/conf\.d/yunohost_\w{1,40}\.conf\.inc;", re.MULTILINE
        ),
    ),
    (
        "yunohost-app",
        lazy_pattern(r"^[ \t]{0,40}include conf\.d/yunohost_panel\.conf\.inc;", re.MULTILINE),
    ),
    ("bt-project", lazy_pattern(r"^[ \t]{0,40}#PROXY-CONF-START\b", re.MULTILINE)),
    (
        "1panel",
        lazy_pattern(
            r"^[ \t]{0,40}access_log /www/sites/[^/\s]{1,200}/log/access\.log", re.MULTILINE
        ),
    ),
    ("cloudpanel", _CLOUDPANEL),
    # /etc/apache2/conf/httpd.conf of EasyApache; its head names the tool that keeps changes.
    ("cpanel-apache", lazy_pattern(r"^#[ \t]{1,20}/usr/local/cpanel/bin/\w{1,40}", re.MULTILINE)),
)


@frozen
class GeneratedFile:
    """A file that a program writes: `words` is its own sentence about that, "" if it has none, and
    `panel` the panel in whose folder it lies."""

    words: str
    panel: Panel


def generated_file(text: str, *paths: str) -> GeneratedFile | None:
    """Return who writes a file that has this text and these paths (its own, and that of a link to
    it); None if nothing tells that a program does."""
    panels = (panel for panel, pattern in _PATHS for path in paths if pattern.match(path))
    panel = next(panels, None) or _panel_of_text(text)
    words = next(filter(None, map(_claim, text.split("\n", _HEAD)[:_HEAD])), "")
    return GeneratedFile(words, panel) if words or panel else None


def _panel_of_text(text: str) -> Panel:
    return next((panel for panel, pattern in _TEMPLATES if pattern.search(text)), "")


def _claim(line: str) -> str:
    """Return a comment that tells who writes the file; "" for another line."""
    comment = line.strip()[:300]
    if not comment.startswith("#") or not _WORDS.search(comment):
        return ""
    return printable(comment.strip("#*=- \t"))[:160]
