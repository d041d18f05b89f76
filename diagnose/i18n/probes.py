"""The texts of `--list-probes` and `--plan`."""

from diagnose.i18n.messages import Message, Messages

MESSAGES = Messages(
    Message(
        "list.about",
        "What the probes look at, whom they ask, and a command that shows the same. Words in "
        "capitals are found by the run itself. --only and --skip take layers: {layers}. A probe "
        "without --only runs for every layer.",
    ),
    Message(
        "plan.about",
        "What a run would do. Nothing was sent. A run also follows what it finds: further addresses"
        " of the name, redirects, and at most a dozen more requests to the same site.",
    ),
    Message("part.outside", "From this machine, as a visitor"),
    Message("part.outside-failure", "From this machine, after a failure"),
    Message("part.inside", "On the server"),
    Message("part.inside-failure", "On the server, after a failure or an open question"),
    Message("part.over-ssh", "({server})"),
    Message("part.if-server", "(if this machine turns out to be it)"),
    Message("peer.name-servers", "asks {peer}"),
    Message("peer.site", "asks {peer}"),
    Message("peer.server", "reads, sends nothing"),
    Message("peer.application", "asks the application from the server"),
    Message("peer.cloud", "asks the cloud's API or metadata service"),
    Message("peer.vantage", "asks {peer}"),
    Message("peer.globalping", "asks api.globalping.io, and becomes public"),
    Message("peer.origin", "asks {peer}"),
    # outside
    Message("outside.dns", "What the name means to this machine, and what DNS itself answers."),
    Message("outside.tcp", "Whether each address accepts connections; port 80 as well."),
    Message("outside.tls", "The handshake as a browser does it, and the certificate."),
    Message("outside.http", "The page, the same on port 80, redirects, style sheets and scripts."),
    Message("outside.websocket", "The opening handshake of each WebSocket."),
    Message("outside.vantages", "The same visit from another machine of yours."),
    Message("outside.globalping", "The same visit from public probes."),
    Message("outside.origin", "The same page from the server behind a CDN or a balancer."),
    Message("outside.cloud", "The rules of the cloud in front of the server."),
    # inside
    Message("inside.system", "Listening sockets, network interfaces, the server's identity."),
    Message("inside.nginx", "nginx: its processes, its configuration, and nginx -t."),
    Message("inside.web_servers", "Apache, Caddy, HAProxy, Traefik: their sites and rules."),
    Message("inside.haproxy_backends", "The servers behind HAProxy, and its statistics."),
    Message(
        "inside.haproxy_other_backends",
        "A path that the application of another backend of HAProxy may have.",
    ),
    Message(
        "inside.other_applications",
        "A path that another application of the site on Apache or Caddy may have.",
    ),
    Message("inside.inner_nginx", "The nginx behind Apache, Caddy or HAProxy."),
    Message("inside.container_nginx", "The nginx in a container behind the web server."),
    Message("inside.container_logs", "The error log of such an nginx."),
    Message("inside.container_pages", "The page of an application in its folder."),
    Message("inside.upgrade_protocols", "Another protocol than WebSocket, by its first request."),
    Message("inside.upstream_certificates", "The name in an application's certificate."),
    Message("inside.backends", "The application behind Apache, Caddy or HAProxy."),
    Message("inside.backend_visits", "Whose answer it was: the proxy's or the application's."),
    Message(
        "inside.kept_connections",
        "Whether the application answers a second request on the same connection.",
    ),
    Message(
        "inside.backend_logins",
        "Whether the application refuses the password that the server in front asks for.",
    ),
    Message(
        "inside.backend_schemes",
        "Whether the application answers otherwise where it is told that visitors use https.",
    ),
    Message(
        "inside.backend_hosts",
        "Whether the application makes its addresses of the Host that the server in front sends.",
    ),
    Message(
        "inside.base_path_fields",
        "Whether a field tells an application in a sub-folder of the site where it is.",
    ),
    Message("inside.site_folders", "The folder of a site, for a file that is missing."),
    Message("inside.handled_paths", "Which rule or folder answers a file that a page lacks."),
    Message("inside.server_logs", "Apache's error log."),
    Message("inside.failed_services", "Services that failed where something should listen."),
    Message("inside.program_logs", "What the program behind the site wrote about this request."),
    Message(
        "inside.program_requests",
        "Whether that program refused an upload as too large, or a form for its origin.",
    ),
    Message(
        "inside.logged_reasons",
        "Why a request failed, by the application's own log: a setting, a file, a service.",
    ),
    Message("inside.running_needs", "What the program lacks, where its own log names it."),
    Message(
        "inside.application_services", "Services that fail while another program has their port."
    ),
    Message("inside.own_settings", "The application's own settings about the proxy in front."),
    Message("inside.setting_lines", "The line of the application's settings with a wrong address."),
    Message("inside.firewall", "firewalld: its zones and policies, now and after a reload."),
    Message("inside.containers", "Containers, and the ports that they publish."),
    Message("inside.netfilter", "The rules of the packet filter, and their files."),
    Message("inside.bans", "Banned addresses, and routes that discard packets."),
    Message("inside.kernel", "Settings, counters and queues of the kernel; full disks."),
    Message("inside.kernel_drops", "What the kernel drops of a few SYNs of this run, and why."),
    Message("inside.port_holders", "Whether the program that has a port is stopped."),
    Message("inside.passed_ports", "The site that passes its requests on to the target's port."),
    Message("inside.returned_connections", "Whether a router forwards to another port of it."),
    Message("inside.descriptors", "Whether it has as many files open as it may."),
    Message("inside.unmounted_folders", "Folders of fstab at which nothing is mounted."),
    Message("inside.unit_rules", "What the units of web server and application may not do."),
    Message("inside.running_programs", "Whether the application is older than its files."),
    Message("inside.tunnels", "Where the clients of tunnels pass visitors on to."),
    Message("inside.nginx_files", "Who may read nginx's files; what its unit says of a start."),
    Message("inside.other_nginx", "Another nginx, and better certificates on the server."),
    Message("inside.program_certificates", "A renewed certificate that a program did not load."),
    Message("inside.own_tls_versions", "The versions of TLS that a program is told to speak."),
    Message("inside.program_tls", "The files of TLS that a program names."),
    Message("inside.large_files", "What fills a file system that has no room left."),
    Message("inside.renewals", "Why a certificate was not renewed."),
    Message("inside.logs", "nginx's error logs of the last minutes."),
    Message(
        "inside.access_logs",
        "Other requests that failed, by nginx's access log; a GET among them is sent again.",
    ),
    Message("inside.other_ports", "Another port at which nginx serves the site."),
    Message("inside.server_access_logs", "The same by the logs of Apache and Caddy."),
    Message("inside.page_files", "Files of the page that nginx may not read."),
    Message("inside.target_files", "Where the file is that nginx does not serve for the target."),
    Message("inside.newer_files", "The file that nginx would serve after a reload."),
    Message("inside.precompressed_files", "Compressed copies of the page's files that are old."),
    Message("inside.script_containers", "The container of PHP that does not find a script."),
    Message("inside.fallback_files", "The page to which nginx leads every path, and where it is."),
    Message("inside.hidden_pages", "The page of the path, where the start page is shown."),
    Message("inside.script_files", "The script that PHP does not find, and where it is."),
    Message("inside.sibling_files", "Files of the page, in the folders of other locations."),
    Message("inside.project_files", "Files of the project that visitors do not get."),
    Message("inside.upload_folders", "Whether nginx may write where it keeps uploads."),
    Message("inside.unincluded_sites", "Files of the site that nginx does not include."),
    Message("inside.upstream_connect", "Whether the application behind nginx accepts connections."),
    Message(
        "inside.upstream_groups", "Each server of a group, for a page or a session that some lack."
    ),
    Message("inside.upstream_requests", "The page, from the application itself."),
    Message("inside.upstream_bodies", "Whether the application itself cuts the page off."),
    Message(
        "inside.upstream_comparisons", "Which part of nginx's request the application refuses."
    ),
    Message(
        "inside.logged_comparisons",
        "The same for a path at which other requests of visitors fail.",
    ),
    Message("inside.logged_preflights", "A preflight of a browser (CORS) that was refused before."),
    Message("inside.origin_controls", "What a script of the page sends, with another Host."),
    Message("inside.compressed_pages", "Whether the application compresses what nginx replaces."),
    Message("inside.bypassed_applications", "A path that nginx answers without the application."),
    Message(
        "inside.neighbour_applications", "A path of the page that an application of nginx may have."
    ),
    Message("inside.other_listeners", "A path that another program of the server may have."),
    Message("inside.upstream_protocols", "Another protocol than the one that nginx speaks."),
    Message("inside.page_websockets", "A WebSocket of the page that nginx may not pass on."),
    Message("inside.websocket_retries", "The refused WebSocket, with one thing changed at a time."),
    Message("inside.connection_options", "The WebSocket with Connection as Firefox sends it."),
    Message("inside.server_side_entry", "The site as the server itself sees it."),
    Message("inside.local_answers", "The web server's answer here, where an address fails."),
    Message("inside.resolver_answers", "nginx's own resolver, for the name of an application."),
    Message("inside.container_names", "A name that nginx in a container could not resolve."),
    Message("inside.undone_fixes", "Fixes that were cut off and taken back."),
    Message("inside.cloud", "Which cloud the server is in, and its rules."),
)

translate = MESSAGES.translate
