// kernels.h of TensorFlow includes this file, of which the C interface needs nothing.
