#!/usr/bin/env bash
# One call with nothing but curl: the headers say what it cost, and who it was for is in x-farthing-labels.
set -euo pipefail
gateway="${OPENAI_BASE_URL:-http://127.0.0.1:4141/v1}"

curl --silent --show-error --include "$gateway/chat/completions" \
    --header 'content-type: application/json' \
    --header "authorization: Bearer ${OPENAI_API_KEY:-any}" \
    --header 'x-farthing-labels: team=examples,agent=curl' \
    --data '{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "What was a farthing?"}]}'
echo
