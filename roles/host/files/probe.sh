# shellcheck shell=sh disable=SC1091,SC2154
# Plain POSIX sh, sent through `raw` after deploy_user= and paths=: it has to work before the host has Python.
# It changes nothing.
if [ -r /etc/os-release ]; then . /etc/os-release; fi
echo "uid=$(id -u)"
echo "distribution=${ID:-unknown}"
echo "version=${VERSION_ID:-unknown}"
echo "architecture=$(uname -m)"
echo "python=$(command -v python3)"
echo "systemd=$(if [ -d /run/systemd/system ]; then echo yes; fi)"
echo "packages=$(dpkg-query --show --showformat='${db:Status-Abbrev}:${binary:Package},' \
    apparmor ca-certificates cron docker-cli docker-compose docker-compose-v2 docker.io \
    libpam-systemd python3-docker python3-jmespath python3-requests systemd systemd-standalone-sysusers 2>/dev/null)"
echo "cron=$(if kill -0 "$(cat /run/crond.pid 2>/dev/null)" 2>/dev/null; then echo yes; fi)"
echo "dockerd=$(command -v dockerd)"
echo "engine=$(docker version --format '{{.Server.Version}}' 2>/dev/null)"
# Not root's own plugins: the deploy user needs one that everybody has.
echo "compose=$(DOCKER_CONFIG=/nonexistent docker compose version --short 2>/dev/null)"
echo "docker_group=$(getent group docker)"
echo "user=$(getent passwd "$deploy_user")"
home=$(getent passwd "$deploy_user" | cut -d: -f6)
echo "there=$(for path in $paths "${home:-/nonexistent}/.ssh"; do if [ -e "$path" ]; then printf '%s,' "$path"; fi; done)"
