#!/bin/sh
# cargo for the microcontroller, in this folder: ./cargo.sh run, ./cargo.sh build --bin nrf52840
#
# Uses the installed target (`rustup target add thumbv7em-none-eabihf`) if there is one, else Debian's
# compiler and its sources, of which it builds `core` (apt-get install rustc-web cargo-web rust-web-src).
# `--target thumbv6m-none-eabi` builds for a Cortex-M0+.
# SCALEIQ_FIRMWARE_TOOLCHAIN=target or =debian forces the choice.
set -eu
cd "$(dirname "$0")"
# The HAL of this board comes with the table of interrupts of its chip: only its image may have it.
case " $* " in
*" nrf52840 "*) set -- "$@" --features nrf52840 ;;
esac
case " $* " in
*" thumbv6m-none-eabi "*) target=thumbv6m-none-eabi ;;
*) target=thumbv7em-none-eabihf ;;
esac
choice=${SCALEIQ_FIRMWARE_TOOLCHAIN:-}
if [ -z "$choice" ]; then
    if [ -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; then choice=target; else choice=debian; fi
fi
case $choice in
target) exec cargo "$@" ;;
debian) ;;
*) echo "SCALEIQ_FIRMWARE_TOOLCHAIN is target or debian, not $choice" >&2; exit 2 ;;
esac
for tool in /usr/bin/cargo /usr/bin/rustc; do
    if [ ! -x $tool ]; then
        echo "the target $target is not installed, and neither is Debian's compiler:" >&2
        echo "    rustup target add $target" >&2
        echo "or  apt-get install rustc-web cargo-web rust-web-src" >&2
        exit 3
    fi
done
# A linker for the target: rustup's own or Debian's, whichever is there.
linker=$(find "$(rustc --print sysroot)" /usr/lib /usr/bin -name rust-lld 2>/dev/null | head -n 1)
export CARGO=/usr/bin/cargo RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
export CARGO_TARGET_THUMBV7EM_NONE_EABIHF_LINKER="${linker:-rust-lld}"
export CARGO_TARGET_THUMBV6M_NONE_EABI_LINKER="${linker:-rust-lld}"
# As options: how a list is written in a variable depends on cargo's version.
exec /usr/bin/cargo -Zbuild-std=core,alloc -Zbuild-std-features=compiler-builtins-mem "$@"
