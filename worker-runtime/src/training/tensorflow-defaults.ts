/**
 * Sets what TensorFlow reads from the environment when its library is first used, in whatever thread that is, unless the
 * environment says otherwise: one thread (the bits of a sum depend on how many threads share it), and a log of errors only.
 */
export function setTensorFlowDefaults(): void {
  process.env.TF_NUM_INTRAOP_THREADS ??= "1";
  process.env.TF_NUM_INTEROP_THREADS ??= "1";
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
}
