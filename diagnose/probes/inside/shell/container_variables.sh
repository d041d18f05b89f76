# Prints of the container $2 of the engine $1 the labels of its compose file ("compose FILES", "service NAME",
# "project NAME", "folder PATH", "environment FILES") and its environment ("variable NAME=VALUE").

"$1" inspect -f 'compose {{index .Config.Labels "com.docker.compose.project.config_files"}}
service {{index .Config.Labels "com.docker.compose.service"}}
project {{index .Config.Labels "com.docker.compose.project"}}
folder {{index .Config.Labels "com.docker.compose.project.working_dir"}}
environment {{index .Config.Labels "com.docker.compose.project.environment_file"}}' "$2" 2>/dev/null
"$1" inspect -f '{{range .Config.Env}}{{println .}}{{end}}' "$2" 2>/dev/null |
  head -n 300 | sed 's/^/variable /' | cut -c 1-1000
