"""The texts that answer a pasted message: whether it was met, what leads to it, how the web server
handles the request, and where else it may come from."""

from diagnose.i18n.messages import Message, Messages

MESSAGES = Messages(
    # Whether it was met. NOTE: {what} is what the message says, {message} what was pasted.
    Message("quoted", "“{message}” ({what})"),
    Message("answer.cause", "This cause produces the message you pasted, {quoted}."),
    Message("answer.other-cause", "The message you pasted, {quoted}: its cause is “{title}”."),
    Message("answer.possible", "The message you pasted, {quoted}, can come from this cause."),
    Message(
        "answer.possible-other", "The message you pasted, {quoted}, can come from “{title}”."
    ),
    Message(
        "answer.met",
        "The message you pasted, {quoted}, occurred in this run too. No finding explains it.",
    ),
    # NOTE: {request} is a method and a path, {log} the file of an access log.
    Message(
        "answer.logged",
        "The message you pasted, {quoted}, stands in {log} for {request}, the last at {time}. This "
        "run did not send that request, and no finding explains it.",
    ),
    Message("answer.absent", "The message you pasted, {quoted}, did not occur in this run."),
    Message(
        "answer.way-out",
        "What the message you pasted, {quoted}, says does not fail now: tried from where the "
        "site's program runs, the connection succeeds.",
    ),
    Message(
        "answer.unrelated",
        "Nothing shows that the cause named here produces the message you pasted, {quoted}.",
    ),
    Message(
        "answer.way-unseen",
        "Here, on the server, nothing shows the message you pasted, {quoted}: only from outside "
        "can be seen whether it occurs now.",
    ),
    Message(
        "answer.unknown",
        "This run could not see whether the message you pasted, {quoted}, occurs now.",
    ),
    # NOTE: {message} is what was pasted.
    Message(
        "answer.unread",
        "The message you pasted, “{message}”, is not understood. What stands here is what is wrong "
        "with the site itself, and may have nothing to do with it.",
    ),
    Message(
        "answer.unread-well",
        "The message you pasted, “{message}”, is not understood. Not looked at: forms, uploads, "
        "sign-in, other pages, what the page's scripts do later, other clients and networks. Give "
        "the exact words of the error, or the address of the page that shows it.",
    ),
    # NOTE: {command} is a command that sends a POST without content.
    Message(
        "answer.unsent",
        "The message you pasted, {quoted}, is about a form or a sign-in, and this run sent no "
        "form. `{command}` sends an empty one and says why it is refused.",
    ),
    # Several faults in one message. NOTE: {quoted} is the text "quoted" for one of them.
    Message(
        "answer.parts",
        "The message you pasted, {quoted}, tells of several faults. No finding explains this one.",
    ),
    Message("part.first-cause", "{quoted} in it comes from this cause."),
    Message("part.cause", "{quoted} in it comes from “{title}”."),
    # What leads to such a message in general. NOTE: {title} is a check's title, {check} its id.
    Message("usual.cause", "“{title}” ({check})"),
    Message("usual", "What most often leads to such a message: {causes}."),
    Message("usual.heading", "What most often leads to such a message:"),
    Message("usual.look-first", "`diagnose explain {check}` says how to look for the first."),
    Message("usual.look", "`diagnose explain {check}` says how to look for it."),
    # What the web server does with the request. NOTE: {block} is a location or "server".
    Message("handled.directive", "nginx answers {path} in `{block}` ({place}), by `{directive}`."),
    Message(
        "handled.file",
        "nginx answers {path} in `{block}` ({place}), by `{directive}`: it looks for the file "
        "{file}.",
    ),
    Message("handled.passed", "{server} passes {path} on to {directive} ({place})."),
    Message("handled.request", "The application gets `{request}` with {fields}."),
    Message(
        "handled.without-scheme",
        "The application gets `{request}` with {fields}, and no X-Forwarded-Proto.",
    ),
    Message(
        "handled.quoted",
        "The line `{line}` of your message is in force for this address ({place}).",
    ),
    # NOTE: what the site did in this run, instead of what the message says.
    Message("now.status", "From here the site answers with status {status}."),
    Message("now.opens", "In this run the WebSocket at {path} opens (101)."),
    Message(
        "now.refused", "In this run the handshake of the WebSocket at {path} gets status {status}."
    ),
    # NOTE: {url} is a URL, or the address of an application.
    Message(
        "now.repeats", "Its words stand in the answer of {url} in this run, with status {status}."
    ),
    Message(
        "now.older",
        "nginx's log has it only from before the last change of its configuration: the message may "
        "be older than that. Try again what led to it.",
    ),
    Message("now.server", "On the server the site answers with status {status}."),
    # Where else it may come from
    Message(
        "elsewhere.network",
        "It may come from the visitor's own network or address (`--from ADDRESS` judges for one "
        "visitor), or occur only at times.",
    ),
    # NOTE: asked on the server, where everything works. {command} and {curl} are commands.
    Message(
        "elsewhere.in-front",
        "This run looked from the server itself, and the way from outside is not seen from here: "
        "a security group of the cloud, the provider's firewall, a router that has to forward the "
        "port. Run `{command}` on another machine, at best where it fails (without it: `{curl}`).",
    ),
    Message(
        "elsewhere.name",
        "It may come from the visitor's resolver, or from an old answer that is still cached.",
    ),
    Message(
        "elsewhere.certificate",
        "It may come from the visitor's clock, an old trust store, or a program or proxy that "
        "inspects TLS there.",
    ),
    Message(
        "elsewhere.tls",
        "It may come from an old client, or from a program or proxy that inspects TLS there.",
    ),
    Message(
        "elsewhere.http",
        "It may belong to another path or method, need a login (`--cookie`, `--header`), or occur "
        "only at times.",
    ),
    Message(
        "elsewhere.browser",
        "It may come from the page's scripts, which are not run here, from an extension, or from "
        "an old copy in the browser's cache.",
    ),
    Message(
        "elsewhere.policy",
        "Each page has a policy of its own, and this run looked at that of one page. If another "
        "page made the request, give the address of that page with the message.",
    ),
    Message(
        "elsewhere.websocket",
        "It may need the page's cookie, origin or subprotocol (`--ws PATH`, `--cookie`, "
        "`--origin`, `--subprotocol`), or come from a proxy at the visitor's.",
    ),
    Message(
        "elsewhere.server",
        "Only the server shows it: run diagnose there, or with `--server ssh://…`. It may also be "
        "older than the last change.",
    ),
    Message(
        "elsewhere.status",
        "The authority's own servers were not asked; it may also come from the visitor's network, "
        "where they are not reached, or from the visitor's clock.",
    ),
    Message(
        "elsewhere.http3",
        "HTTP/3 is not tried here. It may come from the visitor's network: a tunnel or a firewall "
        "that loses large UDP packets.",
    ),
    Message(
        "elsewhere.signature",
        "It needs a request that is signed: no signed request is sent here. It may come from a "
        "wrong secret, from the client's clock, or from a proxy that changes the Host field or the "
        "path.",
    ),
    Message(
        "elsewhere.client",
        "The client refuses it before it asks the server: add the host to the mini program's "
        "server domains (https:// for requests, wss:// for sockets) in its console.",
    ),
    Message(
        "elsewhere.extension",
        "The visitor's browser did not send the request: an ad blocker, another extension or the "
        "browser's own protection blocked it, mostly for a word in the address (ads, banner, "
        "analytics, track). Try a window without extensions. A file that the site needs takes a "
        "name without such a word.",
    ),
    # NOTE: {command} is a command.
    Message(
        "elsewhere.cors",
        "Browsers ask with the origin of the page whose script asks, and the answer may differ for "
        "each: `{command} --origin https://PAGE` asks for it as that page does.",
    ),
    Message(
        "elsewhere.grpc",
        "A page was asked for, and no call of gRPC was sent. On the server nginx's access log is "
        "read for calls that failed: repeat the call, then run diagnose there.",
    ),
    Message(
        "elsewhere.callback",
        "It may come from the address that the service was given, from a login or a form's "
        "protection at that path, or from a firewall that lets only some addresses in. Look for "
        "its requests in the web server's access log: where there are none, it does not connect.",
    ),
    Message(
        "elsewhere.outgoing",
        "The site's program connects from where it runs. On the server diagnose tries this way "
        "from the program's container or service: run it there, as root.",
    ),
    Message(
        "elsewhere.visitor-address",
        "The application has to read the visitor's address from X-Forwarded-For or X-Real-IP, and "
        "to trust the proxy that sends it. A proxy, a CDN or Docker's own proxy in front of the "
        "web server may have replaced the address before.",
    ),
    Message(
        "elsewhere.request-field",
        "The application may read the field under another name, the browser may not send it "
        "(another origin, a redirect to another host), or a proxy in front drops it: nginx drops "
        "names with an underscore, unless `underscores_in_headers on`. `--header` sends one.",
    ),
    Message(
        "elsewhere.hidden-file",
        "At most the file that the message names is asked for, and a file that comes is a finding. "
        "Other files and other names of the site may be open.",
    ),
    Message(
        "elsewhere.response-field",
        "A field may be missing for some pages alone, for errors, or from what is in front of the "
        "site. This run saw the page that it asked for.",
    ),
    Message(
        "elsewhere.stream",
        "Only a stream that runs shows it: `curl -N` on the server, once through the web server "
        "and once at the application. A CDN or another proxy in front, compression, or the "
        "application itself may keep it back.",
    ),
    Message(
        "elsewhere.download",
        "It may concern another address than the one given here: name it. Browsers also save what "
        "an application sends with Content-Disposition: attachment.",
    ),
    Message(
        "elsewhere.cached",
        "It may come from a cache in the application, of a CDN, or from the visitor's browser (a "
        "service worker).",
    ),
    Message(
        "elsewhere.login",
        "Nobody signs in here. Sign in once with the browser's tools open (F12, Network): the "
        "answer to the form shows its status, the address it redirects to, and the cookies it "
        "sets; the next request shows whether the browser sends them.",
    ),
    Message(
        "elsewhere.slow",
        "Only the page itself was timed, from here. It may come from the distance or the visitor's "
        "network, from large files, or from the page's scripts: the browser's tools (F12, Network) "
        "show which request takes long.",
    ),
    Message(
        "elsewhere.outside",
        "This run looked from one machine, and does not know whether visitors come the same way. "
        "Run `{command}` where it fails, at best over a mobile network (without it: `{curl}`). A "
        "security group of the cloud, a router that has to forward the port, and the provider "
        "close a port from outside alone.",
    ),
    # NOTE: the message is about a WebSocket, and no page names one.
    Message(
        "elsewhere.websocket-path",
        "No path of a WebSocket is known here, so none was opened. The browser's tools show it "
        "(F12, Network, WS): `{command} --ws PATH` opens it.",
    ),
    Message(
        "elsewhere.https",
        "It may come from a network that closes port 443, from an old program that knows "
        "no current version of TLS, or from parts of the page that have http addresses.",
    ),
    Message(
        "elsewhere.by-name",
        "It may come from the visitor's resolver, or from an old answer that is still cached. In "
        "mainland China providers cut off a name without an ICP filing, while the address works.",
    ),
    Message(
        "elsewhere.through-proxy",
        "It may belong to another path. Ask for it twice on the server with `curl -v`, once "
        "through the web server and once at the application's own port: the Host field, "
        "X-Forwarded-Proto, the path, and the limits of size and time are what differs.",
    ),
    Message(
        "elsewhere.other-name",
        "A name with `www.` and the name without it are two names for DNS, for the certificate and "
        "for the web server: run `diagnose` for the other one too.",
    ),
    Message(
        "elsewhere.some-visitors",
        "From here one visitor was seen. `--from ADDRESS` judges for another one, and another "
        "place is looked from with `--vantage`. Old programs, IPv6, a resolver's old answer, and "
        "networks that lose large packets are what differs among visitors.",
    ),
    Message(
        "elsewhere.not-loaded",
        "The change may be in a file that the server does not read, in another container or on "
        "another machine, or be hidden by a cache.",
    ),
    Message(
        "elsewhere.upload",
        "No upload is sent here. It may come from a limit of the application, of PHP "
        "(upload_max_filesize, post_max_size), or of a CDN in front (Cloudflare: 100 MB).",
    ),
    Message(
        "elsewhere.sometimes",
        "It may not have occurred in this run: `diagnose watch` looks again and again, and the "
        "logs of the web server and of the application have what failed.",
    ),
    Message("elsewhere.log", "It may be older than the last change or reload."),
    Message(
        "elsewhere.proxy",
        "It comes from a proxy between the visitor and the site: the settings of the browser or "
        "the system, or the variable HTTPS_PROXY. `--proxy URL` tries the site through it.",
    ),
    Message(
        "elsewhere.acme-port",
        "`certbot --standalone` and the like need the port for themselves, and the web server has "
        "it. Let the web server answer the challenge: `certbot --nginx`, `--apache` or "
        "`--webroot`.",
    ),
    Message(
        "elsewhere.acme",
        "The authority asks from several places and over IPv6 too; it may also be older than the "
        "last change.",
    ),
)  # fmt: skip

translate = MESSAGES.translate
