# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a trial's commands on the host can use.
stack=$1 # its name
# shellcheck disable=SC2034 # for the trial
root=$2 # its folder

# The stack's containers that run, without those of one-off runs; more options choose others.
of() {
  docker ps --quiet --no-trunc "$@" --filter "label=com.docker.compose.project=$stack" \
    --filter label=com.docker.compose.oneoff=False
}

# A service's containers that run, and all of them.
running() { of --filter "label=com.docker.compose.service=$1"; }
ever() { of --all --filter "label=com.docker.compose.service=$1"; }

# inside SERVICE COMMAND...: a command in a service's first container.
inside() {
  service=$1
  shift
  docker exec "$(running "$service" | head -n 1)" "$@"
}

# settings SERVICE NAME...: variables of a service, one a line.
settings() {
  service=$1
  shift
  # shellcheck disable=SC2016 # the container's shell expands them
  inside "$service" sh -c 'for name; do eval "printf \"%s\\n\" \"\$$name\""; done' sh "$@"
}

# A service's address, where it is in one network only.
address() { docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$(running "$1")"; }

# How a service's container is, and what it ended with.
ended() { docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' "$(ever "$1")"; }
