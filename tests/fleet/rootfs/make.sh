#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the file system of a test host with debootstrap and writes it to standard output as a tar stream.
# Usage (as root): make.sh SCRATCH SUITE PACKAGE,PACKAGE... PACKAGE,PACKAGE... [COMPOSE-BINARY]
# The second packages are what debootstrap cannot put in order; apt installs them.
set -euo pipefail

scratch=$1 suite=$2 packages=$3 more=$4 compose=${5:-}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
deploy_id=1000
admin_id=1001

mkdir -p "$scratch"
tree=$(mktemp -d "$scratch/rootfs.XXXXXX")
trap 'rm -rf --one-file-system "$tree"' EXIT
chmod 0755 "$tree"

recipe=/usr/share/debootstrap/scripts/$suite
[ -e "$recipe" ] || recipe=/usr/share/debootstrap/scripts/sid
debootstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
  --include="$packages" "$suite" "$tree" "" "$recipe" >&2

if [ -n "$more" ]; then
  apt-config dump | grep -E '^Acquire::(https?::|Check-|Retries|ForceIPv).*;$' >"$tree/etc/apt/apt.conf.d/99fleet" || :
  # Nothing is to run in there yet.
  install -m 0755 /dev/stdin "$tree/usr/sbin/policy-rc.d" <<<$'#!/bin/sh\nexit 101'
  chroot "$tree" apt-get -q update >&2
  IFS=, read -ra added <<<"$more"
  DEBIAN_FRONTEND=noninteractive chroot "$tree" apt-get -q -y --no-install-recommends install "${added[@]}" >&2
  rm "$tree/usr/sbin/policy-rc.d" "$tree/etc/apt/apt.conf.d/99fleet"
fi

# Two people: one deploys and has no sudo, one administers and has it.
chroot "$tree" useradd --create-home --shell /bin/bash --uid "$admin_id" admin
if [ -e "$tree/usr/sbin/dockerd" ]; then
  chroot "$tree" useradd --create-home --shell /bin/bash --uid "$deploy_id" --groups docker deploy
  install -d -o "$deploy_id" -g "$deploy_id" -m 0700 "$tree/var/lib/slipway"
fi
if [ -e "$tree/usr/share/doc/libpam-systemd" ]; then
  install -D -m 0644 /dev/null "$tree/var/lib/systemd/linger/deploy"
fi
install -m 0440 /dev/stdin "$tree/etc/sudoers.d/admin" <<<'admin ALL=(ALL) NOPASSWD: ALL'

install -d "$tree/etc/ssh/authorized_keys.d"
install -m 0644 "$here/sshd.conf" "$tree/etc/ssh/sshd_config.d/fleet.conf"
install -m 0755 "$here/fleet-init" "$here/fleet-engine" "$tree/usr/local/sbin/"
[ -z "$compose" ] || install -D -m 0755 "$compose" "$tree/usr/libexec/docker/cli-plugins/docker-compose"

# What must differ from host to host is made per host.
rm -f "$tree"/etc/ssh/ssh_host_* "$tree"/var/cache/apt/archives/*.deb "$tree"/var/lib/dbus/machine-id
: >"$tree/etc/machine-id"
rm -rf "$tree"/var/lib/apt/lists/* "$tree"/usr/share/doc/* "$tree"/usr/share/man/*
tar -C "$tree" --numeric-owner --one-file-system -cf - .
