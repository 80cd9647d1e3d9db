/** What setup installs, and how large it is. Sizes are told to the user and checked against the free disk space. */

/** Measured on Linux x64 with an empty npm cache; npm does not know sizes before it downloads. */
export const npmPackages = { downloadBytes: 250e6, diskBytes: 1400e6 };
export const nodeDownloadBytes = 53e6;

/**
 * The TensorFlow library comes out of TensorFlow's own Python wheel. Any Python can fetch it, since it is only
 * unpacked. `pip hash <wheel>` prints the SHA-256; the registry's page of the release shows the same.
 */
export const tensorflow = {
  version: "2.21.0",
  wheel: "tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl",
  wheelBytes: 273_829_956,
  wheelSha256: "2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c",
  pipArguments: [
    ...["--platform", "manylinux_2_27_x86_64", "--python-version", "311", "--implementation", "cp"],
    "tensorflow-cpu==2.21.0",
  ],
  unpackedBytes: 854_000_000,
  minimumGlibc: "2.27",
};
