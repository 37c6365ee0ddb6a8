#!/bin/sh
# container.sh NETNS POD COMMAND ...: run COMMAND in a staged pod's namespaces: its network, its names, its hostname.
# $LAB_TOOLS is a folder of the pod's own tools. They are first on PATH, and found by any path that ends with their name.
# Every step execs, so that the process that the caller started becomes COMMAND.
netns=$1 pod=$2
shift 2
if [ -n "$LAB_TOOLS" ]; then
    export PATH="$LAB_TOOLS:$PATH"
    if [ -e "$LAB_TOOLS/${1##*/}" ]; then
        tool=$LAB_TOOLS/${1##*/}
        shift
        set -- "$tool" "$@"
    fi
fi
exec ip netns exec "$netns" unshare --uts sh -c 'hostname "$0" && exec "$@"' "$pod" "$@"
