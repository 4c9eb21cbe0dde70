#!/usr/bin/env bash
# Walks the consent of zohologin in a real browser: Accept, with the page in two
# languages, and Reject. It needs Go, Node.js with npm, and Chromium, which it
# installs where apt-get can (as root).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || true)}
if [[ -z $CHROMIUM ]]; then
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium
	CHROMIUM=$(command -v chromium)
fi
export CHROMIUM

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cp "$here/package.json" "$here/walk.js" "$tmp"
(cd "$tmp" && npm install --no-audit --no-fund --silent)
cat >"$tmp/walk" <<WALK
#!/bin/sh
exec node "$tmp/walk.js" "\$@"
WALK
chmod +x "$tmp/walk"

cd "$here/../.."
ZOHOSCIM_TEST_BROWSER=$tmp/walk go test -count=1 -timeout 5m -run '^TestBrowser$' -v .
