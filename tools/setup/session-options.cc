// How TensorFlow runs the graphs that it loads, which tfjs-node leaves at its defaults. Compiled into tfjs-node's binding,
// whose calls of TF_NewSessionOptions come here: the compiler is told to rename them.
#undef TF_NewSessionOptions
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
