#!/usr/bin/env bash
# Looks at cycle reports in a real browser. It needs Go, Node.js with npm, and
# Chromium, which it installs where apt-get can (as root). The pictures stay in
# the directory PICTURES if it is set.
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
cp "$here/package.json" "$here/look.js" "$tmp"
(cd "$tmp" && npm install --no-audit --no-fund --silent)
pages=${PICTURES:-$tmp/pages}
mkdir -p "$pages"

cd "$here/../.."
go test -count=1 -timeout 2m -run '^TestHTMLPages$' -htmlpages="$pages" -v .
node "$tmp/look.js" "$pages"
