// How an operation of our own reads its inputs and attributes, gives its output, and is made known to TensorFlow.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

// Else kernels.h includes parts of TensorFlow that are no C.
#define IS_SLIM_BUILD
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_tensor.h"

#define INLINE static inline __attribute__((always_inline))

namespace {

struct Call {
  TF_OpKernelContext* context;
  TF_Status* status = TF_NewStatus();
  std::vector<TF_Tensor*> tensors;

  explicit Call(TF_OpKernelContext* given) : context(given) {}
  ~Call() {
    if (TF_GetCode(status) != TF_OK) TF_OpKernelContext_Failure(context, status);
    for (TF_Tensor* tensor : tensors) TF_DeleteTensor(tensor);
    TF_DeleteStatus(status);
  }
  TF_Tensor* input(int index) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context, index, &tensor, status);
    tensors.push_back(tensor);
    return tensor;
  }
  const float* floats(int index) { return static_cast<const float*>(TF_TensorData(input(index))); }
  float* output(const std::vector<int64_t>& shape) {
    int64_t size = 1;
    for (int64_t length : shape) size *= length;
    TF_Tensor* tensor =
        TF_AllocateOutput(context, 0, TF_FLOAT, shape.data(), int(shape.size()), size * sizeof(float), status);
    tensors.push_back(tensor);
    return static_cast<float*>(TF_TensorData(tensor));
  }
};

// `geometry`: what the operation needs to know of shapes.
struct Settings {
  int64_t bits = 0;
  std::vector<int64_t> geometry;
};

void* readSettings(TF_OpKernelConstruction* construction) {
  auto* settings = new Settings;
  TF_Status* status = TF_NewStatus();
  int32_t listSize = 0, totalSize = 0;
  TF_OpKernelConstruction_GetAttrInt64(construction, "bits", &settings->bits, status);
  TF_OpKernelConstruction_GetAttrSize(construction, "geometry", &listSize, &totalSize, status);
  settings->geometry.resize(std::max(0, listSize));
  TF_OpKernelConstruction_GetAttrInt64List(construction, "geometry", settings->geometry.data(), listSize, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return settings;
}

void deleteSettings(void* settings) { delete static_cast<Settings*>(settings); }

void unknownShape(TF_ShapeInferenceContext* context, TF_Status* status) {
  TF_ShapeInferenceContextSetUnknownShape(context, status);
}

using Compute = void(void* settings, TF_OpKernelContext*);

// Without an output it is for what it does to its inputs.
void define(const char* name, const std::vector<const char*>& inputs, const char* output, bool hasSettings,
            Compute* compute) {
  TF_Status* status = TF_NewStatus();
  TF_OpDefinitionBuilder* op = TF_NewOpDefinitionBuilder(name);
  for (const char* input : inputs) TF_OpDefinitionBuilderAddInput(op, input);
  if (output) TF_OpDefinitionBuilderAddOutput(op, output);
  else TF_OpDefinitionBuilderSetIsStateful(op, true);
  if (hasSettings) {
    TF_OpDefinitionBuilderAddAttr(op, "bits: int = 0");
    TF_OpDefinitionBuilderAddAttr(op, "geometry: list(int)");
  }
  TF_OpDefinitionBuilderSetShapeInferenceFunction(op, &unknownShape);
  TF_RegisterOpDefinition(op, status);
  TF_KernelBuilder* kernel = TF_NewKernelBuilder(name, "CPU", hasSettings ? &readSettings : nullptr, compute,
                                                 hasSettings ? &deleteSettings : nullptr);
  TF_RegisterKernelBuilder(name, kernel, status);
  TF_DeleteStatus(status);
}

}  // namespace
