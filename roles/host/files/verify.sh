# shellcheck shell=sh
# Run as the deploy user, with the folder for the stacks and the Python that Ansible uses.
# Prints one line for each thing that a deployment needs and cannot use.
last() { printf '%s\n' "$1" | tail -n 1; }
fail() { echo "$1: expected $2, seen: $(last "$3"). $4"; }
if ! seen=$(docker version --format '{{.Server.Version}}' 2>&1); then
  fail "Engine" "an answer to the deploy user" "$seen" "Look at what dockerd says: journalctl -u docker, or /var/log/docker.log."
fi
if ! seen=$(docker compose version --short 2>&1); then
  fail "Compose plugin" "docker compose to work for the deploy user" "$seen" "Run the bootstrap again with tag host_compose."
fi
for library in docker jmespath requests; do
  if ! seen=$("$2" -c "import $library" 2>&1); then
    fail "Python library $library" "$2 to import it" "$seen" "Install the package python3-$library."
  fi
done
if ! [ -w "$1" ]; then
  fail "Folder $1" "one that the deploy user can write to" "$(ls -ld "$1" 2>&1)" "Run the bootstrap again with tag host_folders."
fi
