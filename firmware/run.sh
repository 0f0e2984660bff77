#!/bin/sh
# Starts an image, as cargo's runner: on a board by probe-rs, which shows its log; in QEMU otherwise, whose
# serial port is the terminal that it names. QEMU's log is decoded where defmt-print is installed (`cargo install
# defmt-print`), and dropped otherwise.
set -eu
image=$1
case $(basename "$image") in
nrf52840 | usb) exec probe-rs run --chip nRF52840_xxAA "$image" ;;
stm32h743) exec probe-rs run --chip STM32H743ZITx "$image" ;;
esac
log=/dev/null
if command -v defmt-print > /dev/null; then
    folder=$(mktemp -d)
    trap 'rm -r "$folder"' EXIT
    log=$folder/log
    mkfifo "$log"
    defmt-print -e "$image" < "$log" &
fi
qemu-system-arm -M mps2-an386 -display none -monitor none -serial pty \
    -chardev "file,id=log,path=$log" -semihosting-config enable=on,target=native,chardev=log -kernel "$image"
