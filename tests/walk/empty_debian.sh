#!/bin/sh
# From an empty Debian to the first report in a foreign PACS, timed: what README.md says, in a chroot, and nothing else.
#
#     sh tests/walk/empty_debian.sh FOLDER          as root; needs debootstrap, orthanc, curl and git on this machine
#
# FOLDER must not exist, and is removed at the end. Ports 11112 and 8080 must be free, as `make run` takes them.
# BEFORE='command' is called with FOLDER before the clock starts, where a house needs more to reach the world (its own
# authorities, a mirror of PyPI). Every line says the seconds since the machine was empty.
set -eu

root=$1
project=$(cd "$(dirname "$0")/../.." && pwd)
pacs_port=${PACS_PORT:-14242} pacs_http=${PACS_HTTP:-18042}
pacs=http://127.0.0.1:$pacs_http
sample=03_dx_girl_08y_delayed.dcm

[ ! -e "$root" ] || { echo "$root exists already: name a folder that does not" >&2; exit 2; }

in_debian="chroot $root env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive sh -c"
baa() { $in_debian "cd /root/baa_node && .venv/bin/baa-node --data-dir var $*"; }
told() { echo "$(($(date +%s) - began)) s: $*"; }
at_pacs() { curl --silent --fail --noproxy '*' "$pacs/$1" --data-binary "$2"; }

tidy() {
    for process in ${node:-} ${orthanc:-}; do
        kill "$process" 2>/dev/null && wait "$process" || true
    done
    awk -v root="$root/" 'index($2, root) == 1 {print $2}' /proc/mounts | sort -r | while read -r mounted; do umount "$mounted"; done
    rm -rf --one-file-system "$root" "$root.log"
}
trap tidy EXIT

debootstrap --variant=minbase bookworm "$root" http://deb.debian.org/debian > "$root.log"
mount -t proc proc "$root/proc"
mkdir -p "$root/dev/shm" && mount -t tmpfs tmpfs "$root/dev/shm"
cp /etc/resolv.conf "$root/etc/resolv.conf"
[ -z "${BEFORE:-}" ] || $BEFORE "$root"

# The PACS of somebody else, who has entered the node as a modality.
mkdir "$root/pacs"
cat > "$root/pacs/orthanc.json" <<END
{"StorageDirectory": "$root/pacs/storage", "IndexDirectory": "$root/pacs/storage", "HttpPort": $pacs_http, "DicomPort": $pacs_port,
 "DicomAet": "MYPACS", "DicomModalities": {"node": {"AET": "BAA_NODE", "Host": "127.0.0.1", "Port": 11112}}}
END
Orthanc "$root/pacs/orthanc.json" > "$root/pacs/log" 2>&1 &
orthanc=$!

began=$(date +%s)
echo "0 s: an empty Debian, $(date -u +%FT%TZ), load $(cut -d ' ' -f 1 /proc/loadavg)"
packages=$(sed -n 's/.*`apt-get install \(.*python3-venv\)`.*/\1/p' "$project/README.md")
$in_debian "apt-get update -q && apt-get install -q -y $packages" > "$root/root/apt.log" 2>&1 || { cat "$root/root/apt.log"; exit 1; }
told "installed: $packages"
git clone --quiet "$project" "$root/root/baa_node"
told "project cloned"
$in_debian "cd /root/baa_node && exec make run" > "$root/root/run.log" 2>&1 &
node=$!
until grep -q '^listening' "$root/root/run.log"; do
    kill -0 "$node" 2>/dev/null || { cat "$root/root/run.log"; exit 1; }
    sleep 1
done
told "make run: $(grep '^listening' "$root/root/run.log")"
baa peers add pacs --ae-title MYPACS --host 127.0.0.1 --port "$pacs_port"
baa peers echo pacs
told "the PACS is a peer and answers"
uploaded=$(at_pacs instances "@$project/sample_dicom/$sample" | sed -n 's/.*"ID" *: *"\([0-9a-f-]*\)".*/\1/p')
at_pacs modalities/node/store "[\"$uploaded\"]" > "$root/root/store.log"
told "the PACS has sent $sample"
until at_pacs tools/find '{"Level": "Instance", "Query": {"Modality": "SR"}}' | grep -q '[0-9a-f]-'; do
    [ $(($(date +%s) - began)) -lt 3600 ] || { baa studies list; exit 1; }
    sleep 1
done
told "the report is in the PACS"
baa studies list
