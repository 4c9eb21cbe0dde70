#!/usr/bin/env bash
# Runs the tests of zohoauth against an authorization server that is not ours, the
# npm package oidc-provider. It needs Go and Node.js with npm.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

tmp=$(mktemp -d)
pid=
trap '[[ -z $pid ]] || kill "$pid" 2>/dev/null || true; rm -rf "$tmp"' EXIT
cp "$here/package.json" "$here/server.js" "$tmp"
(cd "$tmp" && npm install --no-audit --no-fund --silent)
(cd "$tmp" && exec node server.js http://127.0.0.1:9004/callback) >"$tmp/url" 2>"$tmp/log" &
pid=$!
for _ in $(seq 100); do
	[[ -s $tmp/url ]] && break
	sleep 0.1
done
[[ -s $tmp/url ]] || { cat "$tmp/log"; exit 1; }

cd "$here/../.."
ZOHOSCIM_TEST_OIDC=$(head -1 "$tmp/url") go test -count=1 -timeout 2m -run '^TestForeignServer$' -v . || { cat "$tmp/log"; exit 1; }
