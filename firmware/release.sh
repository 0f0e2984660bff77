#!/bin/sh
# Makes what is released of the boards' images: BOARD.elf for probe-rs and a debugger, BOARD.hex for any other
# programmer, and SHA256SUMS.
#
#   ./release.sh FOLDER [TARGET_DIR]
#
# Needs objcopy (Debian: binutils) beside what cargo.sh needs.
set -eu
if [ $# -lt 1 ] || [ $# -gt 2 ]; then
    echo "usage: $0 FOLDER [TARGET_DIR]" >&2
    exit 2
fi
mkdir -p "$1"
folder=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
target=${2:-$here/../target}
for board in nrf52840 stm32h743; do
    "$here/cargo.sh" build --release --bin $board --target-dir "$target"
    cp "$target/thumbv7em-none-eabihf/release/$board" "$folder/$board.elf"
    objcopy -I elf32-little -O ihex "$folder/$board.elf" "$folder/$board.hex"
    # What a programmer writes from either is the same.
    objcopy -I elf32-little -O binary "$folder/$board.elf" "$folder/$board.bin"
    objcopy -I ihex -O binary "$folder/$board.hex" "$folder/$board.again"
    cmp "$folder/$board.bin" "$folder/$board.again"
    rm "$folder/$board.bin" "$folder/$board.again"
done
cd "$folder"
sha256sum -- *.elf *.hex > SHA256SUMS
cat SHA256SUMS
