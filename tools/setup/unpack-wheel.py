"""Unpacks from TensorFlow's wheel the two libraries, their licence, and the few C headers that the binding needs (70 of
13,000 files).

Usage: python unpack-wheel.py <wheel> <folder>
"""

import os
import shutil
import sys
import zipfile

PACKAGE = "tensorflow/"
WANTED = (
    "libtensorflow_cc.so.2",
    "libtensorflow_framework.so.2",
    "THIRD_PARTY_NOTICES.txt",
    "include/LICENSE",
    "include/tensorflow/c/",
    "include/tensorflow/core/platform/ctstring",
    "include/tsl/platform/ctstring",
    "include/xla/tsl/c/",
)

wheel, folder = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name.endswith("/") or not name.startswith(tuple(PACKAGE + wanted for wanted in WANTED)):
            continue
        target = os.path.join(folder, name[len(PACKAGE) :])
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with archive.open(name) as source, open(target, "wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
