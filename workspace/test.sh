#!/bin/sh
# Checks receipt.sh. Exits with 1 if a check fails.
set -u
cd "$(dirname "$0")" || exit 1

failed=0

# check NAME INPUT EXPECTED: the last line of the receipt for INPUT must be EXPECTED.
check() {
  list=$(mktemp)
  printf '%b' "$2" > "$list"
  got=$(sh receipt.sh "$list" | tail -n 1 | tr -s ' ')
  rm -f "$list"
  if [ "$got" = "$3" ]; then
    echo "ok    $1"
  else
    echo "FAIL  $1: expected '$3', got '$got'"
    failed=1
  fi
}

check "nothing bought"   ""                               "total 0.00"
check "one of each"      "bread;1;320\nmilk;1;145\n"      "total 4.65"
check "more than one"    "bread;1;320\nmilk;2;145\n"      "total 6.10"

[ "$failed" -eq 0 ] && echo "all checks passed"
exit "$failed"
