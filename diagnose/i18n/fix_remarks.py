"""The remarks below a fix: in which container it is made, which program answers in nginx's place,
and who writes the file that it edits."""

from diagnose.i18n.messages import Message, Messages

MESSAGES = Messages(
    Message(
        "fix.in-container",
        "The web server runs in the container {container}: its paths and 127.0.0.1 are those of"
        " the container.",
    ),
    Message(
        "fix.other-program",
        "Here {program} answers, not nginx: write the same in its configuration.",
    ),
    Message(
        "fix.other-program-lines",
        "Here {program} answers, not nginx. In its configuration it is: {lines}.",
    ),
    Message(
        "fix.other-program-itself",
        "Here {program} answers, not nginx. It sends these fields by itself, unless a line of its"
        " configuration changes them.",
    ),
    Message("fix.mounted", "{file} is {source} on the server."),
    Message(
        "fix.in-image",
        "{file} is in the container's image: the change is lost when the container is created"
        " again, so make it in the image or the compose file, too.",
    ),
    Message(
        "fix.made-anew",
        "`up -d` makes the container anew: what is only in it, and in no volume or folder of the"
        " server, is lost.",
    ),
    Message(
        "fix.shared-file",
        "{file} is included in several places, and the edit changes all of them: {sites}.",
    ),
    Message(
        "fix.generated-file",
        "{file} is written by a program, which may write it again without the edit: “{words}”.",
    ),
    Message(
        "fix.panel-plesk",
        "Plesk writes {file} anew: what is to stay goes to Apache & nginx Settings of the domain,"
        " Additional nginx directives.",
    ),
    Message(
        "fix.panel-hestia",
        "The panel writes {file} anew: what is to stay goes to a file nginx.ssl.conf_NAME in the"
        " same folder, which the server block includes, or to a template of one's own.",
    ),
    Message(
        "fix.panel-npm",
        "Nginx Proxy Manager writes {file} anew: what is to stay goes to the proxy host in its"
        " interface: Details (with the switch Websockets Support), Custom Locations, or the tab"
        " Advanced.",
    ),
    Message(
        "fix.panel-ispconfig",
        "ISPConfig writes {file} anew: what is to stay goes to the options of the site, nginx"
        " Directives.",
    ),
    Message(
        "fix.panel-nginx-proxy",
        "nginx-proxy writes {file} anew from the containers' environment: correct VIRTUAL_HOST,"
        " VIRTUAL_PORT (the port inside of the application's container), VIRTUAL_PROTO (https only"
        " where the application itself speaks TLS there, else take it out) or LETSENCRYPT_HOST in"
        " the application's service, then `docker compose up -d`. Both containers need one network."
        " Lines of one's own go to /etc/nginx/vhost.d.",
    ),
    Message(
        "fix.panel-cpanel",
        "cPanel writes {file} anew: what is to stay goes to a .conf file in the user's folder"
        " beside it, /etc/nginx/conf.d/users/USER/, or in the domain's folder there.",
    ),
    Message(
        "fix.panel-cpanel-apache",
        "cPanel writes {file} anew: what is to stay goes to a .conf file in the folder"
        " /etc/apache2/conf.d/userdata/ssl/2_4/USER/DOMAIN/ (std in place of ssl for http), then"
        " `/usr/local/cpanel/scripts/rebuildhttpdconf`.",
    ),
    Message(
        "fix.panel-plesk-apache",
        "Plesk writes {file} anew: what is to stay goes to Apache & nginx Settings of the domain,"
        " Additional directives for HTTPS (or for HTTP).",
    ),
    Message(
        "fix.panel-hestia-apache",
        "The panel writes {file} anew: what is to stay goes to a file apache2.ssl.conf_NAME in the"
        " same folder, which the virtual host includes, or to a template of one's own.",
    ),
    Message(
        "fix.panel-ispconfig-apache",
        "ISPConfig writes {file} anew: what is to stay goes to the options of the site, Apache"
        " Directives.",
    ),
    Message(
        "fix.panel-gitlab",
        "GitLab writes {file} anew at each `gitlab-ctl reconfigure`: what is to stay goes to"
        " /etc/gitlab/gitlab.rb, to the lines nginx['…'] (lines of nginx itself to"
        " nginx['custom_gitlab_server_config']), then `gitlab-ctl reconfigure`.",
    ),
    Message(
        "fix.panel-runcloud",
        "RunCloud writes {file} anew: what is to stay goes to NGINX Config of the web application,"
        " which writes a file in /etc/nginx-rc/extra.d/.",
    ),
    Message(
        "fix.panel-serverpilot",
        "ServerPilot writes {file} anew: what is to stay goes to a .conf file of one's own in the"
        " app's folder, /etc/nginx-sp/vhosts.d/APP.d/.",
    ),
    Message(
        "fix.panel-directadmin",
        "DirectAdmin writes {file} anew: what is to stay goes to Custom HTTPD Configurations, in"
        " the fields of the domain.",
    ),
    Message(
        "fix.panel-froxlor",
        "Froxlor writes {file} anew: what is to stay goes to the domain's own vhost-settings.",
    ),
    Message(
        "fix.panel-cloudpanel",
        "CloudPanel writes {file} anew from its database: make the edit in the site's tab Vhost.",
    ),
    Message(
        "fix.panel-synology",
        "DSM writes {file} anew: what it can do is in Control Panel, Login Portal, Advanced,"
        " Reverse Proxy (Custom Header has an entry for WebSocket). A server block of one's own"
        " goes to another file.",
    ),
    Message(
        "fix.panel-bt-proxy",
        "The panel writes {file} anew when the settings of this reverse proxy are saved: make the"
        " edit in the site's Reverse proxy, Config file, and leave the settings alone afterwards.",
    ),
    Message(
        "fix.panel-bt-project",
        "The panel writes {file} anew from its own data when a setting of this site is saved: make"
        " the change in the site's settings there (Reverse proxy, the rule, custom configuration).",
    ),
    Message(
        "fix.panel-1panel",
        "1Panel writes its own lines of {file} anew: make the edit in Websites, Configuration,"
        " Config file, where it is tested before it is saved.",
    ),
    Message(
        "fix.panel-1panel-proxy",
        "1Panel writes {file} anew when this reverse proxy is saved: make the edit in Websites,"
        " Configuration, Reverse proxy, Source, and leave the form alone afterwards.",
    ),
    Message(
        "fix.panel-yunohost",
        "YunoHost writes {file} for each domain, and keeps one that was edited as it is: later"
        " changes of YunoHost do not come into it. What is to stay goes to a file of one's own in"
        " the folder DOMAIN.d beside it; `yunohost tools regen-conf nginx --dry-run --with-diff`"
        " shows the difference.",
    ),
    Message(
        "fix.panel-yunohost-app",
        "YunoHost writes {file} anew when it upgrades this program: what is to stay goes to a file"
        " of one's own in the same folder, if nginx allows it beside this one.",
    ),
)

translate = MESSAGES.translate
