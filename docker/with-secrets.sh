#!/bin/sh
# Runs a command with every secret file in its environment; the file's name is the variable's.
#
# Compose mounts secrets as files, so that neither the file of the set nor `docker inspect` shows
# them. Programs that read no files get them here, and nothing else on the machine does.
set -eu
for file in "${SECRETS:-/run/secrets}"/*; do
    [ -f "$file" ] || continue
    name=$(basename "$file")
    case $name in
    *[!A-Za-z0-9_]* | [0-9]*)
        echo "with-secrets: $name is no name of a variable" >&2
        exit 64
        ;;
    esac
    value=$(cat "$file")
    if [ -z "$value" ]; then
        echo "with-secrets: $file is empty" >&2
        exit 64
    fi
    export "$name=$value"
done
exec "$@"
