#!/bin/sh
# Prints a receipt. Usage: sh receipt.sh FILE
set -eu

# Prints cents as an amount with two decimals.
amount() {
  printf '%d.%02d' "$(($1 / 100))" "$(($1 % 100))"
}

total=0
while IFS=';' read -r name quantity price; do
  [ -n "$name" ] || continue
  printf '%-10s %3d x %7s\n' "$name" "$quantity" "$(amount "$price")"
  total=$((total + price))
done < "$1"
printf '%-10s %13s\n' total "$(amount "$total")"
