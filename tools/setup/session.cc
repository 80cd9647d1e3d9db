// How TensorFlow runs the graphs that it loads, which tfjs-node leaves at its defaults. Compiled into tfjs-node's binding,
// whose calls of TF_NewSessionOptions and TF_SessionRun come here: the compiler is told to rename them.
#undef TF_NewSessionOptions
#undef TF_SessionRun
#include <xmmintrin.h>

#include "tensorflow/c/c_api.h"

// A tensorflow.ConfigProto (tensorflow/core/protobuf/config.proto) as it is encoded.
static const char config[] =
    // inter_op_parallelism_threads: -1. The calling thread runs everything, without handing each operation to another.
    "\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
    // graph_options.rewrite_options.disable_meta_optimizer: true. Graphs run as they are written: TensorFlow's own
    // rewrites reorder sums and products, and replace divisions, which changes the last bits.
    "\x52\x05\x52\x03\x98\x01\x01"
    // experimental.executor_type: "SINGLE_THREADED_EXECUTOR". Less work for each operation, in one order.
    "\x82\x01\x1a\x1a\x18SINGLE_THREADED_EXECUTOR";

extern "C" TF_SessionOptions* TrivetNewSessionOptions(void) {
  TF_SessionOptions* options = TF_NewSessionOptions();
  TF_Status* status = TF_NewStatus();
  // A TensorFlow that cannot read this keeps its defaults: right, but slower.
  TF_SetConfig(options, config, sizeof(config) - 1, status);
  TF_DeleteStatus(status);
  return options;
}

// Numbers too small for float32's exponents are 0, as on TensorFlow's own threads and where it runs op by op; to compute
// with them would also be slow.
extern "C" void TrivetSessionRun(TF_Session* session, const TF_Buffer* run_options, const TF_Output* inputs,
                                 TF_Tensor* const* input_values, int ninputs, const TF_Output* outputs,
                                 TF_Tensor** output_values, int noutputs, const TF_Operation* const* targets,
                                 int ntargets, TF_Buffer* run_metadata, TF_Status* status) {
  const unsigned int before = _mm_getcsr();
  // Flush results to zero, and take operands as zero.
  _mm_setcsr(before | 0x8040);
  TF_SessionRun(session, run_options, inputs, input_values, ninputs, outputs, output_values, noutputs, targets,
                ntargets, run_metadata, status);
  _mm_setcsr(before);
}
