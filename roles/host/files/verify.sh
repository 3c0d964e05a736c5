# shellcheck shell=sh
# Run as the deploy user. One line for each thing that it needs and cannot use.
fail() { echo "$1: expected $2, seen: $3. $4"; }
if ! seen=$(docker version --format '{{.Server.Version}}' 2>&1); then
  fail "Engine" "an answer to the deploy user" "$seen" "Look at what dockerd says: journalctl -u docker, or /var/log/docker.log."
fi
if ! seen=$(docker compose version --short 2>&1); then
  fail "Compose plugin" "docker compose to work for the deploy user" "$seen" "Run the bootstrap again with tag host_compose."
fi
for library in docker jmespath requests; do
  if ! seen=$(python3 -c "import $library" 2>&1); then
    fail "Python library $library" "the system's python3 to import it" "$seen" "Install the package python3-$library."
  fi
done
if ! [ -w "$1" ]; then
  fail "Folder $1" "one that the deploy user can write to" "$(ls -ld "$1" 2>&1)" "Run the bootstrap again with tag host_folders."
fi
