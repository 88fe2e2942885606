#!/usr/bin/env bash
# Everything that needs a GPU, in one command: installs, builds, checks the numbers, measures, prints a table.
#
#   benches/gpu.sh [--device cuda:0|tensorrt:0|webgpu|cpu] [--no-install] [--no-checks] [options of benches/peers/suite.py]
#
# Everything it makes lies in target/gpu; the results are target/gpu/DEVICE.{md,json,png}. Needs a Rust toolchain, Python 3 with
# venv, and the network. --no-install uses $PYTHON and $SAPIENS_ORT as they are; --no-checks skips the checks and says so.
# A dry run without a GPU: benches/gpu.sh --device cpu --size tiny --input 256x192
set -euo pipefail
cd "$(dirname "$0")/.."

device=cuda:0 install=yes checks=yes
rest=()
while (($#)); do
    case $1 in
    --device) device=${2:?--device needs a name, such as cuda:0} && shift ;;
    --no-install) install=no ;;
    --no-checks) checks=no ;;
    *) rest+=("$1") ;;
    esac
    shift
done
kind=${device%%:*}
work=$PWD/target/gpu
mkdir -p "$work"

if [[ $install == yes ]]; then
    # The packages of ONNX Runtime for processors and for GPUs overwrite each other: an environment for each kind.
    [[ -x $work/$kind/bin/python ]] || python3 -m venv "$work/$kind"
    PYTHON=$work/$kind/bin/python
    packages=(-r benches/peers/requirements.txt)
    case $kind in
    cuda | tensorrt) packages+=('onnxruntime-gpu[cuda,cudnn]==1.31.1') ;;
    *) packages+=('onnxruntime==1.31.1') ;;
    esac
    if [[ $kind == tensorrt ]]; then packages+=(tensorrt-cu13); fi
    "$PYTHON" -m pip install --quiet "${packages[@]}"
fi
: "${PYTHON:?--no-install: PYTHON names a Python with the packages of benches/peers/requirements.txt}"
if [[ $kind == webgpu ]]; then
    : "${SAPIENS_ORT:?--device webgpu: SAPIENS_ORT names an ONNX Runtime with WebGPU: cargo xtask fetch-ort --source npm}"
fi

# Libraries of CUDA, cuDNN and TensorRT that came as Python packages are not on the loader's path.
site=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
for folder in "$site"/nvidia/*/lib "$site"/nvidia/cu*/lib "$site"/tensorrt_libs; do
    if [[ -d $folder ]]; then export LD_LIBRARY_PATH="$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"; fi
done
if [[ -z ${SAPIENS_ORT:-} ]]; then
    SAPIENS_ORT=$(compgen -G "$site/onnxruntime/capi/libonnxruntime.so.*" | head -n 1)
fi
export SAPIENS_ORT

if [[ -n ${SAPIENS_PROGRAM:-} ]]; then
    program=$SAPIENS_PROGRAM
else
    cargo build --release --quiet
    program=target/release/sapiens
fi
"$program" doctor

if [[ $checks == yes ]]; then
    # The goldens of every task and precision, decoding in the graph, batches, Sapiens v1 and the detectors, on this device.
    tests=(golden_models decode_graph decode_half batches sapiens1_models)
    SAPIENS_TEST_DEVICE=$device cargo test --release --no-fail-fast "${tests[@]/#/--test=}"
    # Frames and maps in its memory.
    if [[ $kind == cuda ]]; then SAPIENS_TEST_DEVICE=$device cargo test --release --test cuda_device -- --ignored; fi
else
    echo "NOT CHECKED: --no-checks was given, so nobody knows whether $device computes the right values here" >&2
fi

# Engines are built where they are not there yet; that takes minutes for each model.
if [[ $kind == tensorrt ]]; then rest+=(--options "--cache $work/cache --build-engines"); fi
"$PYTHON" benches/peers/suite.py --sapiens "$program" --device "$device" --work "$work/models" --out "$work/$kind" "${rest[@]}"
echo "results: $work/$kind.md, .json, .png"
