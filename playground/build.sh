#!/bin/sh
# Builds playground/dist/ from playground/src/. Needs Node 20 or newer and npm; the result is committed.
set -eu
cd "$(dirname "$0")"
npm ci --ignore-scripts --no-audit --no-fund
node build.mjs "$@"
