#!/bin/sh
# Makes the secrets of docker-compose.yml, once; one that exists is left alone.
#
# The folder is for its owner only. The files in it can be read by everybody, because containers
# read them as users of their own, and nobody else gets into the folder.
set -eu
folder=${1:-secrets}
mkdir -p "$folder"
chmod 700 "$folder"
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
for name in postgres_password qdrant_api_key grafana_password; do
    [ -s "$folder/$name" ] || random >"$folder/$name"
done
[ -s "$folder/prefect_auth" ] || printf 'holdfast:%s' "$(random)" >"$folder/prefect_auth"
# The query service knows a reader's key by its hash only; the key itself is for the reader, and may
# have been moved to where that is. A new one would not be the one that is let in.
if ! [ -s "$folder/serve_keys" ]; then
    [ -s "$folder/query_key" ] || printf 'hf_%s' "$(random)" >"$folder/query_key"
    hash=$(sha256sum <"$folder/query_key" | cut -d ' ' -f 1)
    printf '[{"name": "reader", "sha256": "%s", "tenant": "default"}]' "$hash" >"$folder/serve_keys"
elif ! [ -s "$folder/query_key" ]; then
    echo "make-secrets: no $folder/query_key is made, since serve_keys names readers already. For" \
        "another key run 'holdfast key NAME' and add its line there; or remove serve_keys, too." >&2
fi
chmod 644 "$folder"/*
[ ! -e "$folder/query_key" ] || chmod 600 "$folder/query_key"
