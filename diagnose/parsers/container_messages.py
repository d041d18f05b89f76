"""Messages of docker, docker compose, Kubernetes and Traefik about a site that does not come, or of
programs that end in a container. No I/O."""

from diagnose.model.symptom import SymptomKind

#: Before those of other programs: they name files, ports and networks in words that mean something
#: else elsewhere ("declared as external").
CONTAINER_MESSAGES: tuple[tuple[SymptomKind, str], ...] = (
    # Traefik (pkg/server/router, pkg/provider/docker), of versions 2 and 3
    ("acme", r"ACME resolver \W{0,3}[\w.-]{1,80}\W{0,3} is skipped from the resolvers list"
        r"|permissions \d{3} for \S{1,200} are too open, please use 600"),
    ("unusable", r"entryPoint \W{0,3}[\w.-]{1,80}\W{0,3} doesn't exist|EntryPoint doesn't exist"
        r"|\b(?:middleware|service) \W{0,3}[\w.-]{1,200}@\w{1,40}\W{0,3} does not exist"
        r"|unable to find the IP address for the container|error: port is missing\b"
        r"|could not define the service name for the router|error while parsing rule "
        r"|\bCannot create service\b"
        r"|\b[Ss]ervice not found\b(?=\W{1,4}(?:ingress|for|namespace|provider))"
        r"|cannot be linked automatically with multiple Services"
        r"|Router defined multiple times with different configurations"
        r"|Failed to retrieve information of the docker client and server host"
        r"|client version 1\.\d{1,3} is too (?:old|new)\b"),
    # nginx: docker makes a folder where the server has no file
    ("nginx-config", r"pread\(\) \S{1,300} failed \(21: Is a directory\)"),
    # docker, containerd, runc
    ("unusable", r"Are you trying to mount a directory onto a file"
        r"|error mounting \S{1,300} to rootfs|OCI runtime create failed"
        r"|failed to create (?:task for container|shim task)"
        r"|exec(?: user process caused)?:? (?:/\S{1,200}: )?exec format error"
        r"|Conflict\. The container name \S{1,200} is already in use"
        r"|iptables: No chain/target/match by that name|Pool overlaps with other one on this"
        r"|Cannot connect to the Docker daemon|trying to connect to the docker (?:daemon|API)"
        r"|container \S{1,200} (?:is unhealthy|exited \(\d{1,3}\))|\bis not writable\.(?:\s|$)"),
    # docker compose, also version 1
    ("unusable", r"\bdeclared as external, but could not be found"
        r"|KeyError: '?ContainerConfig|ERROR: for \S{1,100} {1,3}'ContainerConfig'"
        r"|refers to undefined (?:network|volume|service|config|secret) "
        r"|variable is not set\. Defaulting to a blank string"
        r"|no configuration file provided: not found"
        r"|'compose' is not a docker command|docker-compose: command not found"),
    # What starts a program again and again: docker compose, PM2, systemd
    ("unusable", r"(?<![\w.-])[\w.-]{1,100} exited with code (?!0\b)\d{1,3}\b"
        r"|\berrored, restarting too fast\b|\btoo many unstable restarts\b"
        r"|\bstatus=(?:20\d|1\d\d)/[A-Z_]{3,24}\b"),
    # Kubernetes
    ("server-application", r"\b(?:Readiness|Liveness|Startup) probe failed:"
        r"(?! HTTP probe failed with statuscode)"),
    ("unusable", r"\bCrashLoopBackOff\b|\b(?:ImagePullBackOff|ErrImagePull)\b"
        r"|no endpoints available for service|does not have any active Endpoint"),
)  # fmt: skip
