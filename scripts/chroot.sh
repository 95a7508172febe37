# shellcheck shell=bash
# scripts/matrix and scripts/package source this file after lib.sh.  It makes
# folders with other releases of Debian, and runs commands in them.  That needs
# root, and a kernel that lets root mount.

# shellcheck disable=SC2034 # the sourcing scripts use it
CHROOTS=$CACHE/chroots
# This machine's certificate authorities, which may be more than Debian's
AUTHORITIES=/etc/ssl/certs/ca-certificates.crt

# in_chroot FOLDER COMMAND...: with the kernel's file systems, which go with the command
in_chroot() {
	local folder=$1
	shift
	# shellcheck disable=SC2016 # for the inner shell to expand
	unshare --mount --pid --fork --kill-child bash -c '
		mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" &&
		mount -t tmpfs tmpfs "$0/dev/shm" && exec chroot "$0" "$@"' "$folder" \
		env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		LANG=C.UTF-8 HOME=/root DEBIAN_FRONTEND=noninteractive \
		PIP_CERT="$AUTHORITIES" NODE_EXTRA_CA_CERTS="$AUTHORITIES" "$@"
}

# make_chroot FOLDER SUITE: once.  What debootstrap mounts goes with it, even if it is killed.
make_chroot() {
	local folder=$1 suite=$2
	[ ! -e "$folder/.done" ] || return 0
	command -v debootstrap >/dev/null || apt-get install -y debootstrap || return
	rm -rf "$folder"
	mkdir -p "${folder%/*}"
	unshare --mount --pid --fork --kill-child debootstrap --variant=minbase --include=ca-certificates "$suite" "$folder" || return
	cp -L "$AUTHORITIES" "$folder$AUTHORITIES" || return
	# a mirror may have lists that are past their date
	echo 'Acquire::Check-Valid-Until "false";' >"$folder/etc/apt/apt.conf.d/99old-lists"
	touch "$folder/.done"
}

# copy_tree FOLDER: what git knows of the tree
copy_tree() {
	rm -rf "$1"
	mkdir -p "$1"
	git -C "$ROOT" ls-files -z | tar -C "$ROOT" --null -T - -c | tar -C "$1" -x --no-same-owner
}
